import type { Config } from '../../platform/config.ts'
import type { ConversationChange } from '../../platform/rpc.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { type TellContext, tellAfter } from '../../webhook/after.ts'
import { type AskContext, askBefore } from '../../webhook/before.ts'

/** A conversation of two as it begins for one of them. */
export interface NewSingleChat {
  conversationID: string
  ownerUserID: string
  sessionType: number
  peerUserID: string
}

/** What the app may set of a conversation that begins. */
export type OwnSettings = Pick<
  ConversationChange,
  'recvMsgOpt' | 'isPinned' | 'isPrivateChat' | 'burnDuration' | 'groupAtType' | 'attachedInfo' | 'ex'
>

const FRESH = {
  recvMsgOpt: 0,
  isPinned: false,
  isPrivateChat: false,
  burnDuration: 0,
  groupAtType: 0,
  attachedInfo: '',
  ex: '',
}

/** Whether the app wants to know of new conversations of this kind. */
export function hooksNewSingleChats({ webhooks }: Config, sessionType: number): boolean {
  const { beforeCreateSingleChatConversations: before, afterCreateSingleChatConversations: after } = webhooks
  if (!before && !after) return false
  return sessionType === SessionType.Single || sessionType === SessionType.Notification
}

/** @throws ImError when the app refuses, or must be heard and cannot be */
export async function beforeCreateSingleChat(ctx: AskContext, chat: NewSingleChat): Promise<OwnSettings> {
  const reply = await askBefore(ctx, 'beforeCreateSingleChatConversations', fieldsOf(chat, {}))
  if (!reply) return {}
  const { recvMsgOpt, isPinned, isPrivateChat, burnDuration, groupAtType, attachedInfo, ex } = reply
  return {
    ...(recvMsgOpt !== null && { recvMsgOpt }),
    ...(isPinned !== null && { isPinned }),
    ...(isPrivateChat !== null && { isPrivateChat }),
    ...(burnDuration !== null && { burnDuration }),
    ...(groupAtType !== null && { groupAtType }),
    ...(attachedInfo !== null && { attachedInfo }),
    ...(ex !== null && { ex }),
  }
}

export async function afterCreateSingleChat(
  ctx: TellContext & { readonly operationID: string },
  chat: NewSingleChat,
  settings: OwnSettings,
): Promise<void> {
  await tellAfter(ctx, 'afterCreateSingleChatConversations', fieldsOf(chat, settings))
}

function fieldsOf(chat: NewSingleChat, settings: OwnSettings) {
  // OpenIM: these keys end in Id.
  return {
    ownerUserId: chat.ownerUserID,
    conversationId: chat.conversationID,
    conversationType: chat.sessionType,
    userId: chat.peerUserID,
    ...FRESH,
    ...settings,
  }
}
