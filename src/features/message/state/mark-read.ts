import type { z } from 'zod'
import { toSelf, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { isSingleConversation } from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { pageWindow } from '../../../runtime/openim-json.ts'
import { sendAfterWebhook } from '../../../webhook/after.ts'
import { conversationOf } from '../access.ts'
import type {
  GetGroupMessageReadersReq,
  MarkConversationAsReadReq,
  MarkMsgsAsReadReq,
  SetConversationHasReadSeqReq,
} from '../read-schema.ts'

/** Everything up to a seq is read. The other side of a single chat is told, for good; else one's own devices. */
export async function markConversationAsRead(
  ctx: CallerContext,
  { conversationID, userID, hasReadSeq, seqs }: z.output<typeof MarkConversationAsReadReq>,
): Promise<void> {
  const { conversation, view } = await conversationOf(ctx, userID, conversationID)
  const read = await conversation.markRead(userID, hasReadSeq, seqs)
  await ctx.user(userID).raiseReadSeq(conversationID, read.hasReadSeq)
  if (read.sessionType !== SessionType.Single) {
    await tellOwnDevices(ctx, userID, conversationID, read.hasReadSeq)
  } else if (read.newlyRead.length > 0) {
    await tellPeer(ctx, { userID, conversationID, home: view.home, seqs: read.newlyRead, hasReadSeq: read.hasReadSeq })
  } else {
    // Nothing that the peer wrote is newly read: only the user's own devices have a counter to reset.
    await tellOwnDevices(ctx, userID, conversationID, read.hasReadSeq)
  }
  if (read.sessionType === SessionType.Single) {
    await tellApp(ctx, { conversationID, userID, seqs, sessionType: read.sessionType })
  } else if (read.sessionType === SessionType.Group) {
    // OpenIM: neither field is what its name says, and the group is not named.
    const fields = { sendID: userID, receiveID: userID, unreadMsgNum: hasReadSeq, contentType: read.sessionType }
    await sendAfterWebhook(ctx, 'afterGroupMsgRead', fields)
  }
}

/** Single messages are read; the last of them becomes the read position. */
export async function markMsgsAsRead(
  ctx: CallerContext,
  { conversationID, userID, seqs }: z.output<typeof MarkMsgsAsReadReq>,
): Promise<void> {
  const { conversation, view } = await conversationOf(ctx, userID, conversationID)
  const read = await conversation.markRead(userID, 0, seqs)
  const hasReadSeq = seqs.at(-1) as number
  await ctx.user(userID).raiseReadSeq(conversationID, hasReadSeq)
  if (read.sessionType === SessionType.Single) {
    await tellPeer(ctx, { userID, conversationID, home: view.home, seqs, hasReadSeq })
  } else {
    await tellOwnDevices(ctx, userID, conversationID, hasReadSeq)
  }
  await tellApp(ctx, { conversationID, userID, seqs, sessionType: read.sessionType })
}

async function tellApp(
  ctx: CallerContext,
  {
    conversationID,
    userID,
    seqs,
    sessionType,
  }: { conversationID: string; userID: string; seqs: number[]; sessionType: number },
): Promise<void> {
  // OpenIM: `Seqs` is its spelling, and `contentType` is the kind of conversation.
  await sendAfterWebhook(ctx, 'afterSingleMsgRead', { conversationID, userID, Seqs: seqs, contentType: sessionType })
}

/**
 * Moves the read position without a receipt for the other side. Of a single chat the conversation is not told: it would
 * show the messages as read to devices that come later, while those that are here hear of no receipt.
 */
export async function setConversationHasReadSeq(
  ctx: CallerContext,
  { conversationID, userID, hasReadSeq }: z.output<typeof SetConversationHasReadSeqReq>,
): Promise<void> {
  const { conversation } = await conversationOf(ctx, userID, conversationID)
  if (isSingleConversation(conversationID)) {
    const maxSeq = await conversation.maxSeq()
    if (hasReadSeq > maxSeq) throw ImError.args(`seq ${hasReadSeq} is beyond the newest message, ${maxSeq}`)
  } else {
    await conversation.markRead(userID, hasReadSeq, [])
  }
  await ctx.user(userID).raiseReadSeq(conversationID, hasReadSeq)
  await tellOwnDevices(ctx, userID, conversationID, hasReadSeq)
}

/** Who has read a message of a group, or who has not, with both counts. OpenIM has this in its commercial edition. */
export async function getGroupMessageReaders(
  ctx: CallerContext,
  { conversationID, userID, seq, filter, pagination }: z.output<typeof GetGroupMessageReadersReq>,
): Promise<{ hasReadCount: number; unreadCount: number; userIDs: string[] }> {
  const { conversation } = await conversationOf(ctx, userID, conversationID)
  return conversation.readers(seq, { hasRead: filter === 0, ...pageWindow(pagination) })
}

interface Receipt {
  userID: string
  conversationID: string
  home: string
  seqs: number[]
  hasReadSeq: number
}

async function tellPeer(
  ctx: CallerContext,
  { userID, conversationID, home, seqs, hasReadSeq }: Receipt,
): Promise<void> {
  const [row] = await ctx.user(userID).conversations([conversationID])
  const detail = { markAsReadUserID: userID, conversationID, seqs, hasReadSeq }
  await notify(ctx, NotificationKinds.hasReadReceipt, toUser(userID, row?.userID ?? userID), detail, { home })
}

async function tellOwnDevices(
  ctx: CallerContext,
  userID: string,
  conversationID: string,
  hasReadSeq: number,
): Promise<void> {
  // `seqs` is a list here too, where OpenIM writes null: the JS SDK breaks on null.
  const detail = { markAsReadUserID: userID, conversationID, seqs: [], hasReadSeq }
  await notify(ctx, NotificationKinds.hasReadReceipt, toSelf(userID), detail, { stored: false })
}
