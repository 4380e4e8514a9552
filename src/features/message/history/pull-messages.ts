import type { z } from 'zod'
import type { PulledLog } from '../../../contracts/user.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import type { PullMsgBySeqReq } from '../schema.ts'

/** A message on the wire, whose field stays there when it is empty. */
type MsgDataOnWire = Omit<MsgData, 'offlinePushInfo'> & { offlinePushInfo: MsgData['offlinePushInfo'] | null }

/** OpenIM's PullMsgs: the list has a capital in JSON. */
type PullMsgs = { Msgs: MsgDataOnWire[]; isEnd: boolean; endSeq: number }

/** Messages of ranges, as a user's devices pull them. A range that the user may not read is left out. */
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
  return { Msgs: msgs.map((bytes) => msgDataOnWire(MsgData.decode(bytes))), isEnd, endSeq }
}

export function msgDataOnWire(msg: MsgData): MsgDataOnWire {
  return { ...msg, offlinePushInfo: msg.offlinePushInfo ?? null }
}
