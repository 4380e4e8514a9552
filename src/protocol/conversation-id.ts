import { SessionType } from './constants/session-type.ts'
import { ImError } from './errors.ts'

/*
 * OpenIM derives the id of a conversation from who takes part in it, and clients derive the same ids on their own:
 * si_ + pair (chat of two), sg_ + group, sn_ + pair (with a notification account), and for each of them a
 * notification twin n_ + the same rest, whose messages clients run but do not show.
 */

/** The chat of two users; the same whoever comes first. */
export function singleConversationID(a: string, b: string): string {
  return `si_${sortedPair(a, b)}`
}

export function groupConversationID(groupID: string): string {
  return `sg_${groupID}`
}

/** The channel from a notification account to a user. */
export function notificationAccountConversationID(a: string, b: string): string {
  return `sn_${sortedPair(a, b)}`
}

/** The notification conversation that belongs to a chat; "" for a text that is no conversation id, as OpenIM answers. */
export function notificationTwin(conversationID: string): string {
  const underscore = conversationID.indexOf('_')
  return underscore === -1 ? '' : `n${conversationID.slice(underscore)}`
}

export function isNotificationConversation(conversationID: string): boolean {
  return conversationID.startsWith('n_')
}

export function isSingleConversation(conversationID: string): boolean {
  return conversationID.startsWith('si_')
}

/**
 * The conversation a message goes to.
 * @throws ImError 1001 for a sessionType that has no conversations
 */
export function conversationIDFor(
  msg: { sessionType: number; sendID: string; recvID: string; groupID: string },
  isNotification: boolean,
): string {
  const chat = chatConversationID(msg)
  return isNotification ? notificationTwin(chat) : chat
}

function chatConversationID(msg: { sessionType: number; sendID: string; recvID: string; groupID: string }): string {
  switch (msg.sessionType) {
    case SessionType.Single:
      return singleConversationID(msg.sendID, msg.recvID)
    case SessionType.WriteGroup:
      return `g_${msg.groupID}`
    case SessionType.Group:
      return groupConversationID(msg.groupID)
    case SessionType.Notification:
      return notificationAccountConversationID(msg.sendID, msg.recvID)
    default:
      throw ImError.args(`sessionType ${msg.sessionType} is not one of 1, 2, 3 and 4`)
  }
}

function sortedPair(a: string, b: string): string {
  return byteOrder(a, b) <= 0 ? `${a}_${b}` : `${b}_${a}`
}

/**
 * Compares as Go compares strings, by UTF-8 bytes. UTF-16 order differs where one text has a character outside the
 * basic plane and the other one of U+E000–U+FFFF; a different order would be a different conversation.
 */
function byteOrder(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return inCodePointOrder(left) - inCodePointOrder(right)
  }
  return a.length - b.length
}

/** Moves the surrogates, which stand for the highest code points, above the rest of the basic plane. */
function inCodePointOrder(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
