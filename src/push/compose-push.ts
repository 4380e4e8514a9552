import type { PushConfig } from '../config/push.ts'
import { ContentType } from '../protocol/constants/content-type.ts'
import { OptionKey, optionIsOn } from '../protocol/message-options.ts'
import type { MsgData } from '../protocol/proto/index.ts'
import { derivedID } from '../runtime/ids.ts'

/** What an absent user's phone is told, whoever the vendor. */
export interface PushNotification {
  /** 32 hexadecimal digits, the same whenever this message is pushed: vendors recognise a repetition by it. */
  id: string
  /** Notifications of one key replace each other on the device. */
  collapseKey: string
  title: string
  body: string
  /** The app's own data. */
  ex: string
  sound: string
  /** Whether the message raises the badge. */
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

/** Vendors take 4 KB in all; what does not fit is cut, and data that would be spoiled by cutting is left out. */
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
  // OpenIM leaves it empty, and vendors refuse an empty notification or show nothing; it has this text for it unused.
  [ContentType.AtText, '[@TEXT]'],
  [ContentType.SignalingNotification, '[SIGNALINVITE]'],
])

/** The first three bring an option that says so, unless they come without any. */
const NEVER: ReadonlySet<number> = new Set([
  ContentType.Typing,
  ContentType.Revoke,
  ContentType.HasReadReceipt,
  ContentType.RoomParticipantsConnectedNotification,
  ContentType.RoomParticipantsDisconnectedNotification,
])

/** Whether absent users are rung for a message at all. */
export function wantsPush({ options, contentType }: Pick<MsgData, 'options' | 'contentType'>): boolean {
  return optionIsOn(options, OptionKey.OfflinePush) && !NEVER.has(contentType)
}

/** Whether a message raises the badge. */
export function countsOnBadge({ offlinePushInfo }: Pick<MsgData, 'offlinePushInfo'>): boolean {
  return offlinePushInfo?.iOSBadgeCount ?? false
}

/** The notification of a message: what its sender wants to be shown, or else a word for its kind. */
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

/** By code points, so that no emoji is cut in two. */
function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const points = [...text]
  return points.length <= maxChars ? text : `${points.slice(0, maxChars - 1).join('')}…`
}
