import type { z } from 'zod'
import { toSelf, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { isSingleConversation } from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { pageWindow } from '../../../runtime/openim-json.ts'
import { sendAfterWebhook } from '../../../webhook/after.ts'
import { accessConversation } from '../access.ts'
import {
  type GetGroupMessageReadersReq,
  type MarkConversationAsReadReq,
  type MarkMsgsAsReadReq,
  ReadersFilter,
  type SetConversationHasReadSeqReq,
} from './schema.ts'

/**
 * Marks all messages up to a seq as read. In a one-to-one chat the peer gets a stored receipt; otherwise the user's own
 * devices get a notification.
 */
export async function markConversationAsRead(
  ctx: CallerContext,
  { conversationID, userID, hasReadSeq, seqs }: z.output<typeof MarkConversationAsReadReq>,
): Promise<void> {
  const { conversation, view } = await accessConversation(ctx, userID, conversationID)
  const read = await conversation.markRead(userID, hasReadSeq, seqs)
  await ctx.user(userID).raiseReadSeq(conversationID, read.hasReadSeq)
  if (read.sessionType !== SessionType.Single) {
    await notifyOwnDevices(ctx, userID, conversationID, read.hasReadSeq)
  } else if (read.newlyRead.length > 0) {
    await sendReceiptToPeer(ctx, {
      userID,
      conversationID,
      home: view.home,
      seqs: read.newlyRead,
      hasReadSeq: read.hasReadSeq,
    })
  } else {
    // No message of the peer is newly read, so only the user's own devices have to reset their unread count.
    await notifyOwnDevices(ctx, userID, conversationID, read.hasReadSeq)
  }
  if (read.sessionType === SessionType.Single) {
    await sendReadWebhook(ctx, { conversationID, userID, seqs, sessionType: read.sessionType })
  } else if (read.sessionType === SessionType.Group) {
    // OpenIM: unreadMsgNum holds the read seq, contentType the session type, receiveID the reader; no field names the
    // group.
    const fields = { sendID: userID, receiveID: userID, unreadMsgNum: hasReadSeq, contentType: read.sessionType }
    await sendAfterWebhook(ctx, 'afterGroupMsgRead', fields)
  }
}

/** Marks the given messages as read; the last of them becomes the read seq. */
export async function markMsgsAsRead(
  ctx: CallerContext,
  { conversationID, userID, seqs }: z.output<typeof MarkMsgsAsReadReq>,
): Promise<void> {
  const { conversation, view } = await accessConversation(ctx, userID, conversationID)
  const read = await conversation.markRead(userID, 0, seqs)
  const hasReadSeq = seqs.at(-1) as number
  await ctx.user(userID).raiseReadSeq(conversationID, hasReadSeq)
  if (read.sessionType === SessionType.Single) {
    await sendReceiptToPeer(ctx, { userID, conversationID, home: view.home, seqs, hasReadSeq })
  } else {
    await notifyOwnDevices(ctx, userID, conversationID, hasReadSeq)
  }
  await sendReadWebhook(ctx, { conversationID, userID, seqs, sessionType: read.sessionType })
}

async function sendReadWebhook(
  ctx: CallerContext,
  {
    conversationID,
    userID,
    seqs,
    sessionType,
  }: { conversationID: string; userID: string; seqs: number[]; sessionType: number },
): Promise<void> {
  // OpenIM: the key is spelled `Seqs`, and `contentType` holds the session type.
  await sendAfterWebhook(ctx, 'afterSingleMsgRead', { conversationID, userID, Seqs: seqs, contentType: sessionType })
}

/**
 * Raises the read seq without a receipt for the peer. The conversation object of a one-to-one chat does not record it:
 * the peer's new devices would show the messages as read, while the peer's other devices got no receipt.
 */
export async function setConversationHasReadSeq(
  ctx: CallerContext,
  { conversationID, userID, hasReadSeq }: z.output<typeof SetConversationHasReadSeqReq>,
): Promise<void> {
  const { conversation } = await accessConversation(ctx, userID, conversationID)
  if (isSingleConversation(conversationID)) {
    const maxSeq = await conversation.maxSeq()
    if (hasReadSeq > maxSeq) throw ImError.args(`seq ${hasReadSeq} is beyond the newest message, ${maxSeq}`)
  } else {
    await conversation.markRead(userID, hasReadSeq, [])
  }
  await ctx.user(userID).raiseReadSeq(conversationID, hasReadSeq)
  await notifyOwnDevices(ctx, userID, conversationID, hasReadSeq)
}

/**
 * Lists the members who have, or have not, read a group message, with both counts. OpenIM: only in its paid edition.
 */
export async function getGroupMessageReaders(
  ctx: CallerContext,
  { conversationID, userID, seq, filter, pagination }: z.output<typeof GetGroupMessageReadersReq>,
): Promise<{ hasReadCount: number; unreadCount: number; userIDs: string[] }> {
  const { conversation } = await accessConversation(ctx, userID, conversationID)
  return conversation.readers(seq, { hasRead: filter === ReadersFilter.HasRead, ...pageWindow(pagination) })
}

interface Receipt {
  userID: string
  conversationID: string
  home: string
  seqs: number[]
  hasReadSeq: number
}

/** Sends a receipt, which the conversation stores, to both sides of a one-to-one chat. */
export async function sendReceiptToPeer(
  ctx: Context,
  { userID, conversationID, home, seqs, hasReadSeq }: Receipt,
): Promise<void> {
  const [row] = await ctx.user(userID).conversations([conversationID])
  const detail = { markAsReadUserID: userID, conversationID, seqs, hasReadSeq }
  await notify(ctx, NotificationKinds.hasReadReceipt, toUser(userID, row?.userID ?? userID), detail, { home })
}

async function notifyOwnDevices(
  ctx: CallerContext,
  userID: string,
  conversationID: string,
  hasReadSeq: number,
): Promise<void> {
  // `seqs` is a list here too, where OpenIM writes null: the JS SDK breaks on null.
  const detail = { markAsReadUserID: userID, conversationID, seqs: [], hasReadSeq }
  await notify(ctx, NotificationKinds.hasReadReceipt, toSelf(userID), detail, { stored: false })
}
