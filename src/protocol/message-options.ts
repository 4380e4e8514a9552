import { ContentType } from './constants/content-type.ts'

/** Switches of a message, by name. Only an explicit false switches something off: absent means on. */
export type MessageOptions = Readonly<Record<string, boolean>>

/** The switches that the server or an SDK reads. */
export const OptionKey = {
  /** Off: no seq, not stored; whoever is online gets it. */
  History: 'history',
  Persistent: 'persistent',
  OfflinePush: 'offlinePush',
  UnreadCount: 'unreadCount',
  ConversationUpdate: 'conversationUpdate',
  /** Off: the sender's own devices do not get it. */
  SenderSync: 'senderSync',
  NotPrivate: 'notPrivate',
  SenderConversationUpdate: 'senderConversationUpdate',
  SenderNotificationPush: 'senderNotificationPush',
  ReactionFromCache: 'reactionFromCache',
  /** Off: the message is a notification and belongs to the `n_` conversation. */
  IsNotNotification: 'isNotNotification',
  /** On, for a notification: it is also stored as a message of the chat. */
  IsSendMsg: 'isSendMsg',
} as const

export type OptionKey = (typeof OptionKey)[keyof typeof OptionKey]

export function optionIsOn(options: MessageOptions, key: OptionKey): boolean {
  return options[key] !== false
}

/** What the options decide about a message's way. */
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

/**
 * The options of an arriving message, with what its kind never has switched off.
 *
 * OpenIM: a message without any options keeps none, whatever its kind (it fills only a map that is there, and an
 * empty map does not survive protobuf).
 */
export function applyDefaultOptions(contentType: number, options: MessageOptions): MessageOptions {
  const forcedOff = FORCED_OFF.get(contentType)
  if (forcedOff === undefined || Object.keys(options).length === 0) return options
  return { ...options, ...Object.fromEntries(forcedOff.map((key) => [key, false])) }
}
