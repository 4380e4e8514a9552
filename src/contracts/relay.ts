import type { Mentioned } from '../protocol/mentions.ts'
import type { DeliveredMessage, LogUpdate } from './messages.ts'

/*
 * The RPC contract of the RelayObject. There is one object per shard of about 1,000 members of a large group. It owns the
 * roster of these members and knows which of them are online. It stores no messages.
 */

/** A message for the members that a relay serves. */
export interface RelayedMessage extends DeliveredMessage {
  /** The relay does not forward to this member, whose devices get the message in another way; "" = no exception. */
  exceptUserID: string
  /** The only members whose devices get the push; absent = all members. */
  onlyUserIDs?: string[]
  /** The members that the message mentions; absent = no member. */
  mentioned?: Mentioned
}

/** Changes of a relay's roster, then new messages of one log, in order. */
export interface Relayed extends LogUpdate {
  /** The whole roster, when the relay must replace its own. */
  roster?: string[]
  join: string[]
  leave: string[]
  messages: RelayedMessage[]
  redelivered?: boolean
}

export interface RelayRpc {
  /**
   * Forwards messages to the objects of the online members.
   * @returns the members whose objects could not be reached
   */
  forward(relayed: Relayed): Promise<string[]>
  /** Reports that a member has a live connection now. */
  memberConnected(userID: string): Promise<void>
}
