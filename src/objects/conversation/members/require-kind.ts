import { ImError } from '../../../protocol/errors.ts'
import type { ConversationCore } from '../conversation-core.ts'
import type { Kind } from '../state/members.ts'

/** @throws ImError 1004 while the conversation has no message. An object that was woken for a wrong ID stays empty. */
export function requireKind({ state, conversationID }: ConversationCore): Kind {
  const { kind } = state.members
  if (!kind) throw ImError.notFound(`there is no conversation ${conversationID}`)
  return kind
}
