import type { z } from 'zod'
import { toSelf } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import type { CallerContext } from '../../platform/context.ts'
import { ImError } from '../../protocol/errors.ts'
import type { SetUserConversationMinSeqReq } from './read-schema.ts'

/**
 * A user no longer reads what is below a seq. The bound never goes back, as what is below it may be gone.
 * @throws ImError 1001 beyond the next message, 1004 when the user has no such conversation
 */
export async function setUserConversationMinSeq(
  ctx: CallerContext,
  { conversationID, userID, minSeq }: z.output<typeof SetUserConversationMinSeqReq>,
): Promise<void> {
  const user = ctx.user(userID)
  const view = await user.logView(conversationID)
  if (!view) throw ImError.notFound(`user ${userID} has no conversation ${conversationID}`)
  const maxSeq = await ctx.conversation(view.home).maxSeq()
  if (minSeq > maxSeq + 1) throw ImError.args(`minSeq: the conversation ends with seq ${maxSeq}`)
  if (!(await user.raiseMinSeq(conversationID, minSeq))) return
  const detail = { userID, conversationIDList: [conversationID] }
  await notify(ctx, NotificationKinds.conversationChange, toSelf(userID), detail)
}
