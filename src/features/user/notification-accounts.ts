import type { z } from 'zod'
import { AccountLevel } from '../../protocol/constants/account-level.ts'
import { ReceiveOption } from '../../protocol/constants/receive-option.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import type {
  AddNotificationAccountReq,
  NotificationAccountInfo,
  SearchNotificationAccountReq,
  UpdateNotificationAccountReq,
} from './schema.ts'
import { accountPage, findUser, insertUserIfAbsent, updateUser } from './store/users.ts'
import type { UserRow } from './tables.ts'

/** The number of digits of a userID that the service chooses. */
const CHOSEN_ID_DIGITS = 10
/** The most userIDs that are tried until one is free. */
const MAX_TRIES = 20

/** Creates an account in whose name the app server sends messages; no device can log in with it. */
export async function addNotificationAccount(
  ctx: CallerContext,
  { userID, nickName, faceURL, appMangerLevel }: z.output<typeof AddNotificationAccountReq>,
): Promise<NotificationAccountInfo> {
  const account = { nickname: nickName, faceURL, appMangerLevel }
  if (userID === '') return addWithChosenID(ctx, account)
  // A configured administrator may not have a row yet.
  const isFree = !ctx.config.admins.has(userID) && (await insertUserIfAbsent(ctx.db, rowOf(ctx, userID, account)))
  if (!isFree) throw ImError.args(`the userID ${userID} is in use`)
  return accountInfo({ userID, ...account })
}

/** Changes the name and the face; "" keeps the old value. OpenIM: no user is notified. */
export async function updateNotificationAccount(
  ctx: CallerContext,
  { userID, nickName, faceURL }: z.output<typeof UpdateNotificationAccountReq>,
): Promise<void> {
  if (nickName === '' && faceURL === '') throw ImError.args('nickName and faceURL are both empty')
  const row = await findUser(ctx.db, userID)
  // People are refused: friends and groups show their profiles, so these are changed with update_user_info.
  if (!row || row.appMangerLevel < AccountLevel.NotificationAccount)
    throw ImError.args(`${userID} is not a notification account`)
  await updateUser(ctx.db, userID, {
    nickname: nickName === '' ? row.nickname : nickName,
    faceURL: faceURL === '' ? row.faceURL : faceURL,
  })
}

/**
 * Lists the app's own accounts. With a keyword: the account with this userID; if no such account exists, the accounts
 * with this nickname.
 */
export async function searchNotificationAccount(
  ctx: CallerContext,
  { keyword, appManagerLevel, pagination }: z.output<typeof SearchNotificationAccountReq>,
): Promise<{ total: number; notificationAccounts: NotificationAccountInfo[] }> {
  const window = pageWindow(pagination)
  const wanted = {
    minLevel: AccountLevel.NotificationAccount,
    level: appManagerLevel,
    except: [...ctx.config.admins.keys()],
  }
  let found = await accountPage(ctx.db, keyword === '' ? wanted : { ...wanted, userID: keyword }, window)
  if (keyword !== '' && found.total === 0) found = await accountPage(ctx.db, { ...wanted, nickname: keyword }, window)
  return { total: found.total, notificationAccounts: found.rows.map(accountInfo) }
}

type Account = Pick<UserRow, 'nickname' | 'faceURL' | 'appMangerLevel'>

async function addWithChosenID(ctx: CallerContext, account: Account): Promise<NotificationAccountInfo> {
  for (let tries = 1; tries <= MAX_TRIES; tries++) {
    const userID = randomDigits(CHOSEN_ID_DIGITS)
    if (await insertUserIfAbsent(ctx.db, rowOf(ctx, userID, account))) return accountInfo({ userID, ...account })
  }
  throw ImError.internal('no free userID was found: repeat the call, or choose a userID')
}

function randomDigits(count: number): string {
  return Array.from(crypto.getRandomValues(new Uint32Array(count)), (value) => value % 10).join('')
}

function rowOf(ctx: CallerContext, userID: string, account: Account): UserRow {
  return { userID, ...account, ex: '', createTime: ctx.now(), globalRecvMsgOpt: ReceiveOption.Notify }
}

function accountInfo({ userID, faceURL, nickname, appMangerLevel }: Account & { userID: string }) {
  return { userID, faceURL, nickName: nickname, appMangerLevel }
}
