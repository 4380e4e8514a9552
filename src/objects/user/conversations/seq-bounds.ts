import type { LogView } from '../../../contracts/user.ts'
import type { UserCore } from '../user-core.ts'
import { endMention } from './mentions.ts'

/** The home of a log and the seqs that the user may read; null when the user has no such conversation. */
export function logView(user: UserCore, conversationID: string): LogView | null {
  const cursor = user.cursors.find(conversationID)
  return cursor ? { home: cursor.home, minSeq: cursor.minSeq, maxSeq: cursor.maxReadableSeq } : null
}

/**
 * Hides messages below a seq from the user, and counts them as read.
 * @returns whether the bound changed
 */
export function raiseMinSeq(user: UserCore, conversationID: string, minSeq: number): boolean {
  const isChanged = user.cursors.raiseMinSeq(conversationID, minSeq)
  if (!isChanged) return false
  user.conversations.touch(conversationID)
  endMention(user, conversationID)
  return true
}

/**
 * Hides messages above a seq from the user; 0 removes the bound.
 * @returns whether the bound changed
 */
export function setMaxSeq(user: UserCore, conversationID: string, maxSeq: number): boolean {
  const isChanged = user.cursors.setMaxReadableSeq(conversationID, maxSeq)
  if (isChanged) user.conversations.touch(conversationID)
  return isChanged
}
