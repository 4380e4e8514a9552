import type { PulledLog } from '../../../contracts/user.ts'
import { encodePullMessagesResp } from '../../../protocol/push-messages.ts'

/** The Go cores drop a connection on a larger frame (and would ask again after the reconnect, for ever). */
export const MAX_REPLY_BYTES = 1_048_576

/**
 * The answer to a pull, cut until its frame is one that the client takes: first each log is cut to its newer half,
 * then whole logs are left out. Clients ask again for what is missing.
 * @param frameBytes how large the frame around an answer becomes
 */
export function trimReply(logs: readonly PulledLog[], frameBytes: (data: Uint8Array) => number): Uint8Array {
  let left = logs
  for (;;) {
    const data = encodePullMessagesResp([...left])
    // What is small before it is zipped is small in any frame.
    if (data.length < MAX_REPLY_BYTES / 2 || frameBytes(data) <= MAX_REPLY_BYTES || left.length === 0) return data
    left = left.some((log) => log.msgs.length > 1)
      ? left.map((log) => ({ ...log, msgs: log.msgs.slice(-Math.ceil(log.msgs.length / 2)), isEnd: false }))
      : left.slice(0, Math.floor(left.length / 2))
  }
}
