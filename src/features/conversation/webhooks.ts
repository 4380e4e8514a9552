import type { Config } from '../../config/index.ts'
import type { Hook } from '../../config/webhook.ts'
import type { ConversationChange } from '../../contracts/user.ts'
import { ReceiveOption } from '../../protocol/constants/receive-option.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { type AfterWebhookContext, sendAfterWebhook } from '../../webhook/after.ts'
import { type BeforeWebhookContext, callBeforeWebhook } from '../../webhook/before.ts'

/** A new conversation of one of its members. */
export interface NewConversation {
  conversationID: string
  ownerUserID: string
  sessionType: number
  /** The other user or the notification account; "" in a group. */
  peerUserID: string
  groupID: string
}

/** The settings of a new conversation that the app server may change. */
export type ConversationSettings = Pick<
  ConversationChange,
  'recvMsgOpt' | 'isPinned' | 'isPrivateChat' | 'burnDuration' | 'groupAtType' | 'attachedInfo' | 'ex'
>

const DEFAULT_SETTINGS = {
  recvMsgOpt: ReceiveOption.Notify,
  isPinned: false,
  isPrivateChat: false,
  burnDuration: 0,
  groupAtType: 0,
  attachedInfo: '',
  ex: '',
}

/** Whether a webhook about new conversations of this kind is on. */
export function hasConversationWebhook({ webhooks }: Config, sessionType: number): boolean {
  const isAnyOn = (before: Hook | undefined, after: Hook | undefined) => Boolean(before ?? after)
  return sessionType === SessionType.Group
    ? isAnyOn(webhooks.beforeCreateGroupChatConversations, webhooks.afterCreateGroupChatConversations)
    : isAnyOn(webhooks.beforeCreateSingleChatConversations, webhooks.afterCreateSingleChatConversations)
}

/**
 * Asks the app server before a conversation begins.
 * @returns the settings that the app server sets
 * @throws ImError when the app server refuses; also when it gives no valid reply and `failedContinue` is off
 */
export async function beforeCreateConversation(
  ctx: BeforeWebhookContext,
  chat: NewConversation,
): Promise<ConversationSettings> {
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
  settings: ConversationSettings,
): Promise<void> {
  const fields = fieldsOf(chat, settings)
  if (chat.sessionType === SessionType.Group) {
    await sendAfterWebhook(ctx, 'afterCreateGroupChatConversations', { ...fields, groupId: chat.groupID })
  } else {
    await sendAfterWebhook(ctx, 'afterCreateSingleChatConversations', { ...fields, userId: chat.peerUserID })
  }
}

function fieldsOf({ ownerUserID, conversationID, sessionType }: NewConversation, settings: ConversationSettings) {
  // OpenIM: these keys end in `Id`, not `ID`.
  return {
    ownerUserId: ownerUserID,
    conversationId: conversationID,
    conversationType: sessionType,
    ...DEFAULT_SETTINGS,
    ...settings,
  }
}
