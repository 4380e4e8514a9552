import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import { ImError } from '../../protocol/errors.ts'
import type { UpdateUserInfoExReq } from './schema.ts'
import { updateUser } from './store.ts'
import type { UserRow } from './tables.ts'

/** Changes the given fields of a profile; absent ones stay. */
export async function updateUserInfo(
  ctx: CallerContext,
  { userInfo }: z.output<typeof UpdateUserInfoExReq>,
): Promise<void> {
  const { userID, ...fields } = userInfo
  requireSelfOrAdmin(ctx, userID)
  const changes: Partial<UserRow> = {}
  if (fields.nickname !== null) changes.nickname = fields.nickname
  if (fields.faceURL !== null) changes.faceURL = fields.faceURL
  if (fields.ex !== null) changes.ex = fields.ex
  if (fields.globalRecvMsgOpt !== null) changes.globalRecvMsgOpt = fields.globalRecvMsgOpt
  if (Object.keys(changes).length === 0) return
  const exists = await updateUser(ctx.db, userID, changes)
  if (!exists) throw ImError.notFound(`no user is registered as ${JSON.stringify(userID)}`)
  if (changes.nickname !== undefined || changes.faceURL !== undefined) {
    await ctx.after({ kind: 'user-info-changed', operationID: ctx.operationID, userID })
  }
}
