import type { z } from 'zod'
import { AccountLevel } from '../../protocol/constants/account-level.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import type { GetAllUsersUIDReq, GetUsersReq, UserInfo } from './schema.ts'
import { searchPage, userIDPage } from './store/users.ts'

/**
 * Lists the accounts of people for an administrator: all, or those whose userID or nickname contains a text, ignoring case. OpenIM takes the
 * texts as regular expressions. Here they are plain text, because a client's expression can block a database for a long
 * time. OpenIM also lets every user page through all accounts.
 */
export async function getUsers(
  ctx: CallerContext,
  { pagination, userID, nickName }: z.output<typeof GetUsersReq>,
): Promise<{ total: number; users: UserInfo[] }> {
  const wanted = { maxLevel: AccountLevel.Person, userID, nickname: nickName }
  const { total, rows } = await searchPage(ctx.db, wanted, pageWindow(pagination))
  return { total, users: rows }
}

/** Lists the userIDs of all accounts, including the app's own. */
export function getAllUsersUID(
  ctx: CallerContext,
  { pagination }: z.output<typeof GetAllUsersUIDReq>,
): Promise<{ total: number; userIDs: string[] }> {
  return userIDPage(ctx.db, pageWindow(pagination))
}
