import { ContentType } from './constants/content-type.ts'

/** The options of a message, by name. Only an explicit false switches an option off: an absent option is on. */
export type MessageOptions = Readonly<Record<string, boolean>>

/** The options that the server or an SDK reads. */
export const OptionKey = {
  /** Off: the message gets no seq and is not stored; only online users get it. */
  History: 'history',
  Persistent: 'persistent',
  OfflinePush: 'offlinePush',
  UnreadCount: 'unreadCount',
  ConversationUpdate: 'conversationUpdate',
  /** Off: the sender's other devices do not get the message. */
  SenderSync: 'senderSync',
  NotPrivate: 'notPrivate',
  SenderConversationUpdate: 'senderConversationUpdate',
  SenderNotificationPush: 'senderNotificationPush',
  ReactionFromCache: 'reactionFromCache',
  /** Off: the message is a notification and belongs to the `n_` conversation. */
  IsNotNotification: 'isNotNotification',
  /** On, for a notification: the notification is also stored as a message of the chat. */
  IsSendMsg: 'isSendMsg',
} as const

export type OptionKey = (typeof OptionKey)[keyof typeof OptionKey]

export function optionIsOn(options: MessageOptions, key: OptionKey): boolean {
  return options[key] !== false
}

/** How a message is stored and delivered, as its options say. */
export interface Routing {
  stored: boolean
  notification: boolean
  senderSync: boolean
  offlinePush: boolean
  unreadCount: boolean
}

export function routing(options: MessageOptions): Routing {
  return {
    stored: optionIsOn(options, OptionKey.History),
    notification: !optionIsOn(options, OptionKey.IsNotNotification),
    senderSync: optionIsOn(options, OptionKey.SenderSync),
    offlinePush: optionIsOn(options, OptionKey.OfflinePush),
    unreadCount: optionIsOn(options, OptionKey.UnreadCount),
  }
}

const FORCED_OFF: ReadonlyMap<number, readonly OptionKey[]> = new Map([
  [ContentType.Revoke, [OptionKey.UnreadCount, OptionKey.OfflinePush]],
  [
    ContentType.HasReadReceipt,
    [OptionKey.ConversationUpdate, OptionKey.SenderConversationUpdate, OptionKey.UnreadCount, OptionKey.OfflinePush],
  ],
  [
    ContentType.Typing,
    [
      OptionKey.History,
      OptionKey.Persistent,
      OptionKey.SenderSync,
      OptionKey.ConversationUpdate,
      OptionKey.SenderConversationUpdate,
      OptionKey.UnreadCount,
      OptionKey.OfflinePush,
    ],
  ],
])

/** The options that a contentType never has, each switched off. */
export function forcedOptions(contentType: number): MessageOptions {
  return Object.fromEntries((FORCED_OFF.get(contentType) ?? []).map((key) => [key, false]))
}

/**
 * The options of an arriving message, without the options that its contentType never has.
 *
 * OpenIM: a message without any options stays without options, for every contentType: OpenIM only changes a map that
 * exists, and protobuf does not encode an empty map.
 */
export function applyDefaultOptions(contentType: number, options: MessageOptions): MessageOptions {
  if (!FORCED_OFF.has(contentType) || Object.keys(options).length === 0) return options
  return { ...options, ...forcedOptions(contentType) }
}
