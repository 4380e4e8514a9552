import {
  afterCreateSingleChat,
  beforeCreateSingleChat,
  hooksNewSingleChats,
  type OwnSettings,
} from '../../features/conversation/webhooks.ts'
import { messageID } from '../../platform/ids.ts'
import type { About } from '../../platform/rpc.ts'
import { ImError } from '../../protocol/errors.ts'
import { setConversation } from './settings.ts'
import type { UserCore } from './user-core.ts'

/**
 * Creates the user's conversation unless it is there. Where the app is asked first that happens on the side: the
 * message is on its way, and only its conversation in the user's list waits for the answer.
 */
export function ensureConversation(user: UserCore, conversationID: string, about: About): void {
  if (!hooksNewSingleChats(user.config, about.sessionType) || user.conversations.has(conversationID)) {
    user.conversations.ensure(conversationID, about)
  } else if (!user.beginning.has(conversationID)) {
    user.beginning.add(conversationID)
    void begin(user, conversationID, about).finally(() => user.beginning.delete(conversationID))
  }
}

async function begin(user: UserCore, conversationID: string, about: About): Promise<void> {
  const { userID } = user
  const ctx = user.hookContext(messageID())
  const { sessionType, peerUserID, groupID } = about
  const chat = { conversationID, ownerUserID: userID, sessionType, peerUserID }
  let settings: OwnSettings
  try {
    settings = await beforeCreateSingleChat(ctx, chat)
  } catch (error) {
    // The next message asks again.
    if (error instanceof ImError) ctx.log.warn('the app refuses a conversation', { conversationID, code: error.code })
    else ctx.log.error('a conversation could not be begun', error, { conversationID })
    return
  }
  user.conversations.ensure(conversationID, about)
  try {
    const which = { conversationID, conversationType: sessionType, userID: peerUserID, groupID }
    if (Object.keys(settings).length > 0) await setConversation(user, { ...which, ...settings })
  } catch (error) {
    ctx.log.error('what the app has set for a new conversation is not everywhere', error, { conversationID })
  }
  await afterCreateSingleChat(ctx, chat, settings)
}
