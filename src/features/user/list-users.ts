import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import type { GetAllUsersUIDReq, GetUsersReq, UserInfo } from './schema.ts'
import { searchPage, userIDPage } from './store/users.ts'

/** The highest level of accounts that belong to people. */
const MAX_PERSON_LEVEL = 1

/**
 * People, all or those whose userID or nickname contains a text, whatever its case. OpenIM takes the texts as regular
 * expressions; here they stand for themselves: an expression from outside can keep a database busy for a long time.
 */
export async function getUsers(
  ctx: CallerContext,
  { pagination, userID, nickName }: z.output<typeof GetUsersReq>,
): Promise<{ total: number; users: UserInfo[] }> {
  const wanted = { maxLevel: MAX_PERSON_LEVEL, userID, nickname: nickName }
  const { total, rows } = await searchPage(ctx.db, wanted, pageWindow(pagination))
  return { total, users: rows }
}

/** The IDs of all accounts, those of the app too. */
export function getAllUsersUID(
  ctx: CallerContext,
  { pagination }: z.output<typeof GetAllUsersUIDReq>,
): Promise<{ total: number; userIDs: string[] }> {
  return userIDPage(ctx.db, pageWindow(pagination))
}
