import type { GroupChange } from '../../../contracts/group-change.ts'
import type { AppendItem } from '../../../contracts/messages.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import { ImError } from '../../../protocol/errors.ts'
import type { ConversationCore } from '../conversation-core.ts'
import { loadMembers } from './load-members.ts'

/**
 * Loads the members for the first message. Messages that arrive meanwhile wait for the same load, and then continue in
 * the order in which they arrived.
 * @returns the refusal, or null
 */
export async function openConversation(conversation: ConversationCore, first: AppendItem): Promise<ImError | null> {
  conversation.opening ??= load(conversation, first).finally(() => {
    conversation.opening = null
  })
  try {
    await conversation.opening
    return null
  } catch (error) {
    if (!(error instanceof ImError)) throw error
    return error
  }
}

/** Loads the members of a group that has no message here yet, before its first change. */
export async function openGroup(conversation: ConversationCore, { groupID, create }: GroupChange): Promise<void> {
  if (create || conversation.state.members.kind) return
  await load(conversation, { sessionType: SessionType.Group, sendID: '', recvID: '', groupID })
}

async function load(
  conversation: ConversationCore,
  first: Pick<AppendItem, 'sessionType' | 'sendID' | 'recvID' | 'groupID'>,
): Promise<void> {
  await conversation.awaitSettings()
  const { members, status } = await loadMembers(conversation.db, first, (userID) => conversation.memberSettings(userID))
  conversation.state.members.open({ sessionType: first.sessionType, groupID: first.groupID }, members, status)
}
