import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import {
  type AddNotificationAccountReq,
  FIRST_APP_LEVEL,
  type NotificationAccountInfo,
  type SearchNotificationAccountReq,
  type UpdateNotificationAccountReq,
} from './schema.ts'
import { accountPage, findUser, insertUserIfAbsent, updateUser } from './store/users.ts'
import type { UserRow } from './tables.ts'

const CHOSEN_ID_DIGITS = 10
const MAX_CHOICES = 20

/** Makes an account in whose name the app writes; nobody logs in with it. */
export async function addNotificationAccount(
  ctx: CallerContext,
  { userID, nickName, faceURL, appMangerLevel }: z.output<typeof AddNotificationAccountReq>,
): Promise<NotificationAccountInfo> {
  const account = { nickname: nickName, faceURL, appMangerLevel }
  if (userID === '') return addUnderFreeID(ctx, account)
  // A configured administrator may not have a row yet.
  const isFree = !ctx.config.admins.has(userID) && (await insertUserIfAbsent(ctx.db, rowOf(ctx, userID, account)))
  if (!isFree) throw ImError.args(`the userID ${userID} is in use`)
  return accountInfo({ userID, ...account })
}

/** Only name and face can be changed; "" keeps what is there. As with OpenIM nobody is told. */
export async function updateNotificationAccount(
  ctx: CallerContext,
  { userID, nickName, faceURL }: z.output<typeof UpdateNotificationAccountReq>,
): Promise<void> {
  if (nickName === '' && faceURL === '') throw ImError.args('nickName and faceURL are both empty')
  const row = await findUser(ctx.db, userID)
  // People's profiles have friends and groups that show them: they are changed with update_user_info.
  if (!row || row.appMangerLevel < FIRST_APP_LEVEL) throw ImError.args(`${userID} is no notification account`)
  await updateUser(ctx.db, userID, {
    nickname: nickName === '' ? row.nickname : nickName,
    faceURL: faceURL === '' ? row.faceURL : faceURL,
  })
}

/** The app's accounts: all of them, or who has the keyword for a userID, or else for a nickname. */
export async function searchNotificationAccount(
  ctx: CallerContext,
  { keyword, appManagerLevel, pagination }: z.output<typeof SearchNotificationAccountReq>,
): Promise<{ total: number; notificationAccounts: NotificationAccountInfo[] }> {
  const window = pageWindow(pagination)
  const wanted = { minLevel: FIRST_APP_LEVEL, level: appManagerLevel, except: [...ctx.config.admins.keys()] }
  let found = await accountPage(ctx.db, keyword === '' ? wanted : { ...wanted, userID: keyword }, window)
  if (keyword !== '' && found.total === 0) found = await accountPage(ctx.db, { ...wanted, nickname: keyword }, window)
  return { total: found.total, notificationAccounts: found.rows.map(accountInfo) }
}

type Account = Pick<UserRow, 'nickname' | 'faceURL' | 'appMangerLevel'>

async function addUnderFreeID(ctx: CallerContext, account: Account): Promise<NotificationAccountInfo> {
  for (let choice = 1; choice <= MAX_CHOICES; choice++) {
    const userID = randomDigits(CHOSEN_ID_DIGITS)
    if (await insertUserIfAbsent(ctx.db, rowOf(ctx, userID, account))) return accountInfo({ userID, ...account })
  }
  throw ImError.internal('no free userID was found; try again or give one')
}

function randomDigits(count: number): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(count)), (value) => value % 10).join('')
}

function rowOf(ctx: CallerContext, userID: string, account: Account): UserRow {
  return { userID, ...account, ex: '', createTime: ctx.now(), globalRecvMsgOpt: 0 }
}

function accountInfo({ userID, faceURL, nickname, appMangerLevel }: Account & { userID: string }) {
  return { userID, faceURL, nickName: nickname, appMangerLevel }
}
