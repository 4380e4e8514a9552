import type { PulledLog } from '../../../contracts/user.ts'
import { encodeLastMessagesResp, encodePullMessagesResp } from '../../../protocol/push-messages.ts'
import { cutLogs } from '../../../runtime/cut-logs.ts'

/** The Go core closes its connection at a larger frame, and would repeat the same request after each reconnect. */
export const MAX_REPLY_BYTES = 1_048_576

/**
 * Encodes the answer to a pull, cut until its frame is within the client's limit.
 * @param frameBytes the size of the frame for an answer; bytes
 */
export function trimReply(logs: readonly PulledLog[], frameBytes: (data: Uint8Array) => number): Uint8Array {
  let data = new Uint8Array()
  cutLogs(logs, (kept) => {
    data = encodePullMessagesResp(kept) as Uint8Array<ArrayBuffer>
    return fill(data, frameBytes)
  })
  return data
}

/** Encodes the answer with the last messages; messages at the end are left out until the frame is within the limit. */
export function trimLastMessages(
  messages: readonly { conversationID: string; msg: Uint8Array }[],
  frameBytes: (data: Uint8Array) => number,
): Uint8Array {
  for (let count = messages.length; ; count = Math.floor(count / 2)) {
    const data = encodeLastMessagesResp(messages.slice(0, count))
    if (count === 0 || fill(data, frameBytes) <= 1) return data
  }
}

/**
 * The size of a frame as a part of the limit. Data below half the limit fits in every kind of frame, so that the frame
 * need not be built.
 */
function fill(data: Uint8Array, frameBytes: (data: Uint8Array) => number): number {
  return (data.length < MAX_REPLY_BYTES / 2 ? data.length : frameBytes(data)) / MAX_REPLY_BYTES
}
