import { MsgFrom } from '../protocol/constants/message-status.ts'
import { SessionType } from '../protocol/constants/session-type.ts'
import { OptionKey } from '../protocol/message-options.ts'
import { MsgData } from '../protocol/proto/index.ts'
import type { NotificationKind } from './kinds.ts'

/** Sender and receiver of a notification: a user, a group, or the sender's own devices (`recvID` = `sendID`). */
export interface Route {
  sendID: string
  recvID: string
  groupID: string
  /** Shown by some group notifications; empty otherwise. */
  senderNickname?: string
  senderFaceURL?: string
}

export const toUser = (sendID: string, recvID: string): Route => ({ sendID, recvID, groupID: '' })
export const toSelf = (userID: string): Route => toUser(userID, userID)
export const toGroup = (sendID: string, groupID: string): Route => ({ sendID, recvID: groupID, groupID })

const ALL_OFF: readonly OptionKey[] = [
  OptionKey.IsNotNotification,
  OptionKey.IsSendMsg,
  OptionKey.History,
  OptionKey.Persistent,
  OptionKey.OfflinePush,
  OptionKey.UnreadCount,
  OptionKey.ConversationUpdate,
  OptionKey.NotPrivate,
  OptionKey.SenderConversationUpdate,
  OptionKey.ReactionFromCache,
]

/** Settings of one notification that differ from its kind. */
export interface Override {
  toChat?: boolean
  stored?: boolean
}

export interface BuiltNotification {
  notification: MsgData
  stored: boolean
  chatCopy: MsgData | null
}

/**
 * Builds the messages of a notification: the notification itself and, when its kind has `toChat`, a copy for the chat.
 * Both carry the same `clientMsgID`.
 * @param detail the tips, in OpenIM's JSON names
 */
export function buildNotification(
  kind: NotificationKind,
  route: Route,
  detail: object,
  given: { clientMsgID: string; now: number } & Override,
): BuiltNotification {
  const toChat = given.toChat ?? kind.toChat
  const stored = given.stored ?? kind.stored
  const offlinePush = kind.offlinePush !== null
  const common: MsgData = MsgData.fromPartial({
    sendID: route.sendID,
    recvID: route.recvID,
    groupID: route.groupID,
    clientMsgID: given.clientMsgID,
    senderNickname: route.senderNickname ?? '',
    senderFaceURL: route.senderFaceURL ?? '',
    sessionType: route.groupID === '' ? SessionType.Single : SessionType.Group,
    msgFrom: MsgFrom.System,
    contentType: kind.contentType,
    content: new TextEncoder().encode(JSON.stringify({ detail: JSON.stringify(detail) })),
    createTime: given.now,
    ...(kind.offlinePush && {
      offlinePushInfo: { title: kind.offlinePush.title, desc: kind.offlinePush.desc, ex: kind.offlinePush.ext },
    }),
  })
  const options: Record<string, boolean> = Object.fromEntries(ALL_OFF.map((key) => [key, false]))
  options[OptionKey.SenderSync] = true
  options[OptionKey.IsSendMsg] = toChat
  options[OptionKey.History] = stored
  options[OptionKey.Persistent] = stored
  // When there is a chat copy, only the copy counts as unread and is pushed to phones.
  options[OptionKey.OfflinePush] = offlinePush && !toChat
  return {
    notification: { ...common, options },
    stored,
    chatCopy: toChat
      ? { ...common, options: { [OptionKey.OfflinePush]: offlinePush, [OptionKey.UnreadCount]: true } }
      : null,
  }
}
