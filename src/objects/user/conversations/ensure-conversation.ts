import type { ConversationInfo } from '../../../contracts/messages.ts'
import {
  afterCreateConversation,
  beforeCreateConversation,
  type ConversationSettings,
  hasConversationWebhook,
} from '../../../features/conversation/webhooks.ts'
import { MINUTE_MS } from '../../../platform/durations.ts'
import { ImError } from '../../../protocol/errors.ts'
import { messageID } from '../../../runtime/ids.ts'
import type { UserCore } from '../user-core.ts'
import { setConversation } from './settings.ts'

/** After a refusal or a failure, the before-webhook is not called with every message, but after this pause. */
const RETRY_MS = MINUTE_MS

/**
 * Creates a conversation in the user's list unless it exists. When a before-webhook must be asked first, that happens
 * in the background: messages are delivered at once, and only the entry in the list waits for the answer.
 */
export function ensureConversation(user: UserCore, conversationID: string, about: ConversationInfo): void {
  if (user.conversations.has(conversationID)) return
  if (!hasConversationWebhook(user.config, about.sessionType)) {
    user.conversations.ensure(conversationID, about)
  } else if ((user.pendingConversations.get(conversationID) ?? 0) <= user.now()) {
    user.pendingConversations.set(conversationID, Number.POSITIVE_INFINITY)
    void createWithWebhooks(user, conversationID, about).then((isCreated) => {
      if (isCreated) user.pendingConversations.delete(conversationID)
      else user.pendingConversations.set(conversationID, user.now() + RETRY_MS)
    })
  }
}

/** @returns whether the conversation exists now */
async function createWithWebhooks(user: UserCore, conversationID: string, about: ConversationInfo): Promise<boolean> {
  const { userID } = user
  const ctx = user.webhookContext(messageID())
  const { sessionType, peerUserID, groupID } = about
  const chat = { conversationID, ownerUserID: userID, sessionType, peerUserID, groupID }
  let settings: ConversationSettings
  try {
    settings = await beforeCreateConversation(ctx, chat)
  } catch (error) {
    if (error instanceof ImError) {
      ctx.log.warn('conversation rejected: the before-webhook refused it', { conversationID, code: error.code })
    } else {
      ctx.log.error('conversation creation failed', error, { conversationID })
    }
    return false
  }
  user.conversations.ensure(conversationID, about)
  try {
    const key = { conversationID, conversationType: sessionType, userID: peerUserID, groupID }
    if (Object.keys(settings).length > 0) await setConversation(user, { ...key, ...settings })
  } catch (error) {
    ctx.log.error('conversation settings update failed', error, { conversationID })
  }
  await afterCreateConversation(ctx, chat, settings)
  return true
}
