/*
 * A receiver is a member or a relay, and both share the table of undelivered receivers. A relay's entry is a NUL and
 * the number of its shard; no userID starts with NUL.
 */

const RELAY = '\0'

/** The receiver that stands for the relay of a shard. */
export function relayReceiver(shard: number): string {
  return RELAY + shard
}

export function isRelay(receiver: string): boolean {
  return receiver.startsWith(RELAY)
}

/** The shard of a relay's receiver. */
export function shardOf(receiver: string): number {
  return Number(receiver.slice(RELAY.length))
}
