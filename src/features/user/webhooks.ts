import type { z } from 'zod'
import type { BeforeName } from '../../protocol/constants/webhook.ts'
import type { Context } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { applyReply } from '../../webhook/apply-reply.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import { validateReply } from '../../webhook/validate-reply.ts'
import { UpdateUserInfoExReq, UserRegisterReq } from './schema.ts'

type NewUsers = z.output<typeof UserRegisterReq>['users']

/**
 * Asks the app server, which may refuse or replace the list of users.
 * @throws ImError the refusal; 90007 for a list that the call would not accept
 */
export async function beforeUserRegister(ctx: Context, users: NewUsers): Promise<NewUsers> {
  const reply = await callBeforeWebhook(ctx, 'beforeUserRegister', { users })
  if (!reply?.users || reply.users.length === 0) return users
  return validateReply('beforeUserRegister', UserRegisterReq, { users: reply.users }).users
}

export async function afterUserRegister(ctx: Context, users: NewUsers): Promise<void> {
  await sendAfterWebhook(ctx, 'afterUserRegister', { users })
}

/** The fields of a change of a profile; null = not given. */
export interface ProfileChange {
  nickname: string | null
  faceURL: string | null
  ex: string | null
}

/**
 * Asks the app server, which may refuse or set any of the three fields. This is the older form: "" means not given, in
 * the request and in the reply.
 * @throws ImError the refusal; 90007 for invalid fields
 */
export async function beforeUpdateUserInfo(
  ctx: Context,
  userID: string,
  change: ProfileChange,
): Promise<ProfileChange> {
  const { nickname, faceURL, ex } = change
  const fields = { userID, nickName: nickname ?? '', faceURL: faceURL ?? '', ex }
  const reply = await callBeforeWebhook(ctx, 'beforeUpdateUserInfo', fields)
  if (!reply) return change
  const wanted = { nickname: reply.nickName || null, faceURL: reply.faceURL || null, ex: reply.ex || null }
  return validated('beforeUpdateUserInfo', userID, applyReply(change, wanted))
}

export async function beforeUpdateUserInfoEx(
  ctx: Context,
  userID: string,
  change: ProfileChange,
): Promise<ProfileChange> {
  const { nickname, faceURL, ex } = change
  const reply = await callBeforeWebhook(ctx, 'beforeUpdateUserInfoEx', { userID, nickName: nickname, faceURL, ex })
  if (!reply) return change
  return validated('beforeUpdateUserInfoEx', userID, applyReply(change, { ...reply, nickname: reply.nickName }))
}

function validated(name: BeforeName, userID: string, wanted: ProfileChange): ProfileChange {
  const given = { userInfo: { userID, ...wanted } }
  const { nickname, faceURL, ex } = validateReply(name, UpdateUserInfoExReq, given).userInfo
  return { nickname, faceURL, ex }
}

export async function afterUpdateUserInfo(ctx: Context, userID: string, change: ProfileChange): Promise<void> {
  const { nickname, faceURL, ex } = change
  const fields = { userID, nickName: nickname ?? '', faceURL: faceURL ?? '', ex: ex ?? '' }
  await sendAfterWebhook(ctx, 'afterUpdateUserInfo', fields)
}

export async function afterUpdateUserInfoEx(ctx: Context, userID: string, change: ProfileChange): Promise<void> {
  const { nickname, faceURL, ex } = change
  await sendAfterWebhook(ctx, 'afterUpdateUserInfoEx', { userID, nickName: nickname, faceURL, ex })
}
