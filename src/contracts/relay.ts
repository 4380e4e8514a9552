import type { DeliveredMessage, News } from './messages.ts'

/* The RPC contract of the RelayObject. */

/** A message on its way to the members that a relay serves. */
export interface RelayedMessage extends DeliveredMessage {
  /** The member whose devices have it from elsewhere; "" = nobody. */
  exceptUserID: string
  /** The only members to whose devices it is pushed; absent = all. */
  onlyUserIDs?: string[]
}

/** What a relay is handed: who it serves, then new messages of one log, in order. */
export interface Relayed extends News {
  /** Everyone this relay serves, when that has to be said anew. */
  roster?: string[]
  join: string[]
  leave: string[]
  messages: RelayedMessage[]
  redelivered?: boolean
}

/** One shard of a large group's members: it knows who of them is listening. */
export interface RelayRpc {
  /** Hands messages to the members who listen. @returns those who could not be reached */
  forward(relayed: Relayed): Promise<string[]>
  /** A member has a live connection now. */
  memberConnected(userID: string): Promise<void>
}
