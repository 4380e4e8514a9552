import type { PulledLog } from '../../../contracts/user.ts'
import { encodePullMessagesResp } from '../../../protocol/push-messages.ts'

/** The Go core closes its connection at a larger frame, and would repeat the same request after each reconnect. */
export const MAX_REPLY_BYTES = 1_048_576

/**
 * Encodes the answer to a pull so that its frame is within the client's limit: first each log is cut to its newer half,
 * then whole logs are left out. Clients request the missing messages again.
 * @param frameBytes the size of the frame for an answer; bytes
 */
export function trimReply(logs: readonly PulledLog[], frameBytes: (data: Uint8Array) => number): Uint8Array {
  let kept = logs
  for (;;) {
    const data = encodePullMessagesResp([...kept])
    // Data below half the limit fits in every kind of frame, so the frame need not be built.
    if (data.length < MAX_REPLY_BYTES / 2 || frameBytes(data) <= MAX_REPLY_BYTES || kept.length === 0) return data
    kept = kept.some((log) => log.msgs.length > 1)
      ? kept.map((log) => ({ ...log, msgs: log.msgs.slice(-Math.ceil(log.msgs.length / 2)), isEnd: false }))
      : kept.slice(0, Math.floor(kept.length / 2))
  }
}
