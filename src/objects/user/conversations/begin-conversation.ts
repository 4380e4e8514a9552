import type { About } from '../../../contracts/messages.ts'
import {
  afterCreateConversation,
  beforeCreateConversation,
  type ConversationSettings,
  hasConversationWebhook,
} from '../../../features/conversation/webhooks.ts'
import { ImError } from '../../../protocol/errors.ts'
import { messageID } from '../../../runtime/ids.ts'
import type { UserCore } from '../user-core.ts'
import { setConversation } from './settings.ts'

/** An app that refuses a conversation, or fails, is not asked about it with every message. */
const ASK_AGAIN_MS = 60_000

/**
 * Creates the user's conversation unless it is there. Where the app is asked first that happens on the side: the
 * message is on its way, and only its conversation in the user's list waits for the answer.
 */
export function ensureConversation(user: UserCore, conversationID: string, about: About): void {
  if (user.conversations.has(conversationID)) return
  if (!hasConversationWebhook(user.config, about.sessionType)) {
    user.conversations.ensure(conversationID, about)
  } else if ((user.pendingConversations.get(conversationID) ?? 0) <= user.now()) {
    user.pendingConversations.set(conversationID, Number.POSITIVE_INFINITY)
    void begin(user, conversationID, about).then((begun) => {
      if (begun) user.pendingConversations.delete(conversationID)
      else user.pendingConversations.set(conversationID, user.now() + ASK_AGAIN_MS)
    })
  }
}

/** @returns whether the conversation is there now */
async function begin(user: UserCore, conversationID: string, about: About): Promise<boolean> {
  const { userID } = user
  const ctx = user.webhookContext(messageID())
  const { sessionType, peerUserID, groupID } = about
  const chat = { conversationID, ownerUserID: userID, sessionType, peerUserID, groupID }
  let settings: ConversationSettings
  try {
    settings = await beforeCreateConversation(ctx, chat)
  } catch (error) {
    if (error instanceof ImError) ctx.log.warn('the app refuses a conversation', { conversationID, code: error.code })
    else ctx.log.error('a conversation could not be begun', error, { conversationID })
    return false
  }
  user.conversations.ensure(conversationID, about)
  try {
    const which = { conversationID, conversationType: sessionType, userID: peerUserID, groupID }
    if (Object.keys(settings).length > 0) await setConversation(user, { ...which, ...settings })
  } catch (error) {
    ctx.log.error('what the app has set for a new conversation is not everywhere', error, { conversationID })
  }
  await afterCreateConversation(ctx, chat, settings)
  return true
}
