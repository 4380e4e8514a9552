import { SessionType } from './constants/session-type.ts'
import { ImError } from './errors.ts'

/*
 * OpenIM: the ID of a conversation is derived from its participants, and clients derive the same IDs on their own:
 * `si_` and the pair (one-to-one chat), `sg_` and the group, `sn_` and the pair (with a notification account). Each
 * chat has a notification conversation: `n_` and the same rest. Clients apply its messages but do not show them.
 */

const GROUP_PREFIX = 'sg_'

/** The chat of two users, the same for either order of the users. */
export function singleConversationID(a: string, b: string): string {
  return `si_${sortedPair(a, b)}`
}

export function groupConversationID(groupID: string): string {
  return GROUP_PREFIX + groupID
}

/** The group of a group's chat; null for any other conversation. */
export function groupIDOf(conversationID: string): string | null {
  return conversationID.startsWith(GROUP_PREFIX) ? conversationID.slice(GROUP_PREFIX.length) : null
}

/** The conversation between a notification account and a user. */
export function notificationAccountConversationID(a: string, b: string): string {
  return `sn_${sortedPair(a, b)}`
}

/** The notification conversation of a chat. OpenIM: "" for a text that is not a conversation ID. */
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

export function isGroupConversation(conversationID: string): boolean {
  return conversationID.startsWith('sg_')
}

/**
 * The conversation that a message goes to.
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
 * Compares strings as Go does, by UTF-8 bytes. JavaScript compares by UTF-16, which differs when one text has a
 * character outside the basic plane and the other text has one of U+E000–U+FFFF. A different order would give a
 * different conversation.
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

/** Moves the surrogates, which encode the highest code points, above the rest of the basic plane. */
function inCodePointOrder(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
