import type { Config } from '../../config/index.ts'
import type { Hook } from '../../config/webhook.ts'
import type { ConversationChange } from '../../contracts/user.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { type AfterWebhookContext, sendAfterWebhook } from '../../webhook/after.ts'
import { type BeforeWebhookContext, callBeforeWebhook } from '../../webhook/before.ts'

/** A conversation as it begins for one of those who take part. */
export interface NewConversation {
  conversationID: string
  ownerUserID: string
  sessionType: number
  /** The other user, or the notification account; "" in a group. */
  peerUserID: string
  groupID: string
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
export function hooksNewConversations({ webhooks }: Config, sessionType: number): boolean {
  const asksOrTells = (before: Hook | undefined, after: Hook | undefined) => Boolean(before ?? after)
  return sessionType === SessionType.Group
    ? asksOrTells(webhooks.beforeCreateGroupChatConversations, webhooks.afterCreateGroupChatConversations)
    : asksOrTells(webhooks.beforeCreateSingleChatConversations, webhooks.afterCreateSingleChatConversations)
}

/** @throws ImError when the app refuses, or must be heard and cannot be */
export async function beforeCreateConversation(ctx: BeforeWebhookContext, chat: NewConversation): Promise<OwnSettings> {
  const reply =
    chat.sessionType === SessionType.Group
      ? await callBeforeWebhook(ctx, 'beforeCreateGroupChatConversations', {
          ...fieldsOf(chat, {}),
          groupId: chat.groupID,
        })
      : await callBeforeWebhook(ctx, 'beforeCreateSingleChatConversations', {
          ...fieldsOf(chat, {}),
          userId: chat.peerUserID,
        })
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

export async function afterCreateConversation(
  ctx: AfterWebhookContext & { readonly operationID: string },
  chat: NewConversation,
  settings: OwnSettings,
): Promise<void> {
  const fields = fieldsOf(chat, settings)
  if (chat.sessionType === SessionType.Group) {
    await sendAfterWebhook(ctx, 'afterCreateGroupChatConversations', { ...fields, groupId: chat.groupID })
  } else {
    await sendAfterWebhook(ctx, 'afterCreateSingleChatConversations', { ...fields, userId: chat.peerUserID })
  }
}

function fieldsOf({ ownerUserID, conversationID, sessionType }: NewConversation, settings: OwnSettings) {
  // OpenIM: these keys end in Id.
  return {
    ownerUserId: ownerUserID,
    conversationId: conversationID,
    conversationType: sessionType,
    ...FRESH,
    ...settings,
  }
}
