import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { existingUser, noSuchUser } from './access.ts'
import { notifyProfileUpdate } from './notify-profile-update.ts'
import type { SetGlobalMsgRecvOptReq, UpdateUserInfoExReq, UpdateUserInfoReq } from './schema.ts'
import { updateUser } from './store/users.ts'
import type { UserRow } from './tables.ts'
import {
  afterUpdateUserInfo,
  afterUpdateUserInfoEx,
  beforeUpdateUserInfo,
  beforeUpdateUserInfoEx,
  type ProfileChange,
} from './webhooks.ts'

type ProfileChanges = Partial<Pick<UserRow, 'nickname' | 'faceURL' | 'ex' | 'globalRecvMsgOpt'>>

/** Changes the given fields of a profile; absent fields keep their values. */
export async function updateUserInfoEx(
  ctx: CallerContext,
  { userInfo }: z.output<typeof UpdateUserInfoExReq>,
): Promise<void> {
  const { userID, globalRecvMsgOpt } = userInfo
  requireSelfOrAdmin(ctx, userID)
  const change = await beforeUpdateUserInfoEx(ctx, userID, userInfo)
  await changeProfile(ctx, userID, changesOf(change, globalRecvMsgOpt))
  await afterUpdateUserInfoEx(ctx, userID, change)
}

/** The older form of the call. It cannot clear a field: "" and 0 keep the old value. */
export async function updateUserInfo(
  ctx: CallerContext,
  { userInfo }: z.output<typeof UpdateUserInfoReq>,
): Promise<void> {
  const { userID, nickname, faceURL, ex, globalRecvMsgOpt } = userInfo
  requireSelfOrAdmin(ctx, userID)
  const given = { nickname: nickname || null, faceURL: faceURL || null, ex: ex || null }
  const change = await beforeUpdateUserInfo(ctx, userID, given)
  await changeProfile(ctx, userID, changesOf(change, globalRecvMsgOpt || null))
  await afterUpdateUserInfo(ctx, userID, change)
}

function changesOf({ nickname, faceURL, ex }: ProfileChange, globalRecvMsgOpt: number | null): ProfileChanges {
  const changes: ProfileChanges = {}
  if (nickname !== null) changes.nickname = nickname
  if (faceURL !== null) changes.faceURL = faceURL
  if (ex !== null) changes.ex = ex
  if (globalRecvMsgOpt !== null) changes.globalRecvMsgOpt = globalRecvMsgOpt
  return changes
}

/** Sets the option. OpenIM lets any user set it for any other; here only the user and app administrators may. */
export async function setGlobalMsgRecvOpt(
  ctx: CallerContext,
  { userID, globalRecvMsgOpt }: z.output<typeof SetGlobalMsgRecvOptReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  await changeProfile(ctx, userID, { globalRecvMsgOpt })
}

/**
 * Writes the given fields, and updates and notifies everything that uses them. This also happens when the values do not
 * differ from the stored ones: so a call that failed halfway is completed when it is repeated.
 */
async function changeProfile(ctx: CallerContext, userID: string, changes: ProfileChanges): Promise<void> {
  if (Object.keys(changes).length === 0) {
    await existingUser(ctx, userID)
    return
  }
  const exists = await updateUser(ctx.db, userID, changes)
  if (!exists) throw noSuchUser(userID)
  if (changes.globalRecvMsgOpt !== undefined) await ctx.user(userID).setGlobalRecvMsgOpt(changes.globalRecvMsgOpt)
  if (changes.nickname !== undefined || changes.faceURL !== undefined) {
    await ctx.enqueue({ kind: 'user-info-changed', operationID: ctx.operationID, userID })
  }
  await notifyProfileUpdate(ctx, userID)
}
