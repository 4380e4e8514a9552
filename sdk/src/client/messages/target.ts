import { groupConversationID, groupIDOf, singleConversationID } from '../../../../src/protocol/conversation-id.ts'
import { ClientFailure } from '../errors.ts'
import type { Target } from '../types.ts'

/** Where a message goes. */
export interface Address {
  conversationID: string
  conversationType: number
  /** The other user of a one-to-one conversation, else "". */
  userID: string
  groupID: string
}

/** @throws ClientFailure with the reason `invalid` for an ID that is not a conversation of this user */
export function addressOf(target: Target, selfID: string): Address {
  if ('userID' in target) {
    const { userID } = target
    return { conversationID: singleConversationID(selfID, userID), conversationType: 1, userID, groupID: '' }
  }
  if ('groupID' in target) {
    const { groupID } = target
    return { conversationID: groupConversationID(groupID), conversationType: 3, userID: '', groupID }
  }
  const { conversationID } = target
  const groupID = groupIDOf(conversationID)
  if (groupID !== null) return { conversationID, conversationType: 3, userID: '', groupID }
  const userID = peerIn(conversationID, selfID)
  const conversationType = conversationID.startsWith('sn_') ? 4 : 1
  return { conversationID, conversationType, userID, groupID: '' }
}

/** The other user's ID. User IDs may contain underscores, so this user's own ID is cut off. */
function peerIn(conversationID: string, selfID: string): string {
  const pair = /^s[in]_(.*)$/s.exec(conversationID)?.[1] ?? ''
  if (pair.startsWith(`${selfID}_`)) return pair.slice(selfID.length + 1)
  if (pair.endsWith(`_${selfID}`)) return pair.slice(0, -selfID.length - 1)
  throw new ClientFailure('invalid', `${conversationID} is not a conversation of ${selfID}`)
}
