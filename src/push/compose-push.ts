import type { PushConfig } from '../config/push.ts'
import { ContentType } from '../protocol/constants/content-type.ts'
import { OptionKey, optionIsOn } from '../protocol/message-options.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { derivedID } from '../runtime/ids.ts'

/** The notification that an offline user's phone shows, in a form that every provider can send. */
export interface PushNotification {
  /** 32 hexadecimal digits, the same each time this message is pushed, so that vendors recognise a repetition. */
  id: string
  /** A notification replaces an older one with the same key on the device. */
  collapseKey: string
  title: string
  body: string
  /** The app's own data. */
  ex: string
  sound: string
  /** Whether the message raises the number on the app's badge. */
  countsOnBadge: boolean
  conversationID: string
  clientMsgID: string
  seq: number
  sendID: string
  groupID: string
  sessionType: number
  contentType: number
  /** ms. */
  sendTime: number
}

/** Vendors accept 4 KB in total. Longer texts are cut; `ex` is left out, because cutting would corrupt its data. */
const MAX_TITLE_CHARS = 200
const MAX_BODY_CHARS = 600
const MAX_EX_BYTES = 1_500

const DEFAULT_SOUND = 'default'
const COMMON_TITLE = '[NEWMSG]'

const TITLES: ReadonlyMap<number, string> = new Map([
  [ContentType.Text, '[TEXT]'],
  [ContentType.Picture, '[PICTURE]'],
  [ContentType.Sound, '[VOICE]'],
  [ContentType.Video, '[VIDEO]'],
  [ContentType.File, '[File]'],
  // OpenIM: has this text but sends an empty text, which vendors reject or do not show.
  [ContentType.AtText, '[@TEXT]'],
  [ContentType.SignalingNotification, '[SIGNALINVITE]'],
])

/**
 * Kinds that are never pushed. `applyDefaultOptions` switches the push option off for the first three, but not when the
 * message has no options at all.
 */
const NEVER_PUSHED: ReadonlySet<number> = new Set([
  ContentType.Typing,
  ContentType.Revoke,
  ContentType.HasReadReceipt,
  ContentType.RoomParticipantsConnectedNotification,
  ContentType.RoomParticipantsDisconnectedNotification,
])

/** Whether a message is pushed to the phones of offline users. */
export function wantsOfflinePush({ options, contentType }: Pick<MsgData, 'options' | 'contentType'>): boolean {
  return optionIsOn(options, OptionKey.OfflinePush) && !NEVER_PUSHED.has(contentType)
}

/** Whether a message raises the number on the app's badge. */
export function countsOnBadge({ offlinePushInfo }: Pick<MsgData, 'offlinePushInfo'>): boolean {
  return offlinePushInfo?.iOSBadgeCount ?? false
}

/** The notification of a message: the sender's title and text, or else the default title of its contentType. */
export function composePush(config: PushConfig, conversationID: string, msg: MsgData): PushNotification {
  const { offlinePushInfo: info, clientMsgID, seq, sendID, groupID, sessionType, contentType, sendTime } = msg
  const id = derivedID('push', conversationID, clientMsgID)
  const title = info?.title || titleOf(config, contentType)
  return {
    id,
    collapseKey: config.collapse === 'conversation' ? derivedID('push', conversationID) : id,
    title: cut(title, MAX_TITLE_CHARS),
    body: cut(info?.desc || title, MAX_BODY_CHARS),
    ex: info && new TextEncoder().encode(info.ex).length <= MAX_EX_BYTES ? info.ex : '',
    sound: info?.iOSPushSound || config.sound || DEFAULT_SOUND,
    countsOnBadge: countsOnBadge(msg),
    ...{ conversationID, clientMsgID, seq, sendID, groupID, sessionType, contentType, sendTime },
  }
}

function titleOf({ titles }: PushConfig, contentType: number): string {
  return titles.get(contentType) ?? TITLES.get(contentType) ?? COMMON_TITLE
}

/** Cuts by code points, so that no surrogate pair is split. */
function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const points = [...text]
  return points.length <= maxChars ? text : `${points.slice(0, maxChars - 1).join('')}…`
}
