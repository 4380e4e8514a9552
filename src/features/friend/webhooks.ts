import type { z } from 'zod'
import type { Context } from '../../runtime/context.ts'
import { callBeforeWebhook } from '../../webhook/before.ts'
import { validateReply } from '../../webhook/validate-reply.ts'
import { ImportFriendReq, SetFriendRemarkReq } from './schema.ts'

/**
 * Asks the app server, which may refuse or replace the list of friends.
 * @throws ImError the refusal; 90007 for a list that the call would not accept
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
 * Asks the app server, which may refuse or change the remark, but not remove it.
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
