import type { z } from 'zod'
import type { PulledLog } from '../../../contracts/user.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import type { PullMsgBySeqReq } from '../schema.ts'
import { type MsgDataJson, msgDataToJson } from '../wire.ts'

/** OpenIM: the key `Msgs` begins with a capital in JSON. */
type PullMsgs = { Msgs: MsgDataJson[]; isEnd: boolean; endSeq: number }

/**
 * Answers the messages of seq ranges, as a user's devices pull them. A range that the user may not read is left out.
 */
export async function pullMsgBySeq(
  ctx: CallerContext,
  { userID, seqRanges, order }: z.output<typeof PullMsgBySeqReq>,
): Promise<{ msgs: Record<string, PullMsgs>; notificationMsgs: Record<string, PullMsgs> }> {
  requireSelfOrAdmin(ctx, userID)
  const logs = await ctx.user(userID).pullRanges(seqRanges, order)
  const byKind = (notification: boolean) =>
    Object.fromEntries(
      logs
        .filter(({ conversationID }) => isNotificationConversation(conversationID) === notification)
        .map((log) => [log.conversationID, pullMsgsOf(log)]),
    )
  return { msgs: byKind(false), notificationMsgs: byKind(true) }
}

function pullMsgsOf({ msgs, isEnd, endSeq }: PulledLog): PullMsgs {
  return { Msgs: msgs.map((bytes) => msgDataToJson(MsgData.decode(bytes))), isEnd, endSeq }
}
