import type { z } from 'zod'
import type { PulledLog } from '../../../contracts/user.ts'
import { isNotificationConversation } from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { cutLogs } from '../../../runtime/cut-logs.ts'
import type { PullMsgBySeqReq } from '../schema.ts'
import { type MsgDataJson, msgDataToJson } from '../wire.ts'

/** The size of an answer, as estimated before it is built: JSON text is longer than the stored messages. */
const MAX_ANSWER_BYTES = 7 * 1024 * 1024
/** The names of the fields of one message in JSON. */
const FIELD_NAMES_BYTES = 800
/** Base64 has four bytes for three, and some characters are escaped. */
const JSON_FACTOR = 1.5

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
  const logs = cutLogs(await ctx.user(userID).pullRanges(seqRanges, order), fillOf)
  const byKind = (notification: boolean) =>
    Object.fromEntries(
      logs
        .filter(({ conversationID }) => isNotificationConversation(conversationID) === notification)
        .map((log) => [log.conversationID, pullMsgsOf(log)]),
    )
  return { msgs: byKind(false), notificationMsgs: byKind(true) }
}

/** The size of the answer as a part of what it may have. */
function fillOf(logs: readonly PulledLog[]): number {
  const messages = logs.flatMap(({ msgs }) => msgs)
  const bytes = messages.reduce((sum, msg) => sum + FIELD_NAMES_BYTES + JSON_FACTOR * msg.length, 0)
  return bytes / MAX_ANSWER_BYTES
}

function pullMsgsOf({ msgs, isEnd, endSeq }: PulledLog): PullMsgs {
  return { Msgs: msgs.map((bytes) => msgDataToJson(MsgData.decode(bytes))), isEnd, endSeq }
}
