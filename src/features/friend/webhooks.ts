import type { z } from 'zod'
import type { Context } from '../../runtime/context.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import { validateReply } from '../../webhook/validate-reply.ts'
import { ImportFriendReq, SetFriendRemarkReq } from './schema.ts'

/**
 * The app may refuse, or name other friends.
 * @throws ImError the refusal; 90007 for what a call could not have named
 */
export async function beforeImportFriends(
  ctx: Context,
  req: z.output<typeof ImportFriendReq>,
): Promise<z.output<typeof ImportFriendReq>> {
  const reply = await callBeforeWebhook(ctx, 'beforeImportFriends', req)
  if (!reply?.friendUserIDs || reply.friendUserIDs.length === 0) return req
  return validateReply('beforeImportFriends', ImportFriendReq, { ...req, friendUserIDs: reply.friendUserIDs })
}

/**
 * The app may refuse, or write another remark, but not take it away.
 * @throws ImError the refusal; 90007 for a remark that is too long
 */
export async function beforeSetFriendRemark(
  ctx: Context,
  req: z.output<typeof SetFriendRemarkReq>,
): Promise<z.output<typeof SetFriendRemarkReq>> {
  const reply = await callBeforeWebhook(ctx, 'beforeSetFriendRemark', req)
  if (!reply?.remark) return req
  return validateReply('beforeSetFriendRemark', SetFriendRemarkReq, { ...req, remark: reply.remark })
}
