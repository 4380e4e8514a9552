/*
 * The only frame of the naive and the batched floor: 256 bytes, with fields at fixed offsets, so that no codec is
 * needed.
 *
 *   0      kind: 1 a message from a client, 2 its acknowledgement, 3 a message to a client
 *   2..3   size of the group, 0 for one-to-one
 *   4..7   number of the sending user
 *   8..11  number of the receiving user; for a group, of its first member: the members have consecutive numbers
 *   12..15 the sender's count of its messages
 *   16..19 seq
 *   20..   the text
 */
export const FRAME_BYTES = 256

export const Kind = { Message: 1, Ack: 2, Push: 3 } as const

const GROUP_SIZE = 2
const SENDER = 4
const RECEIVER = 8
const COUNT = 12
const SEQ = 16

export interface Address {
  groupSize: number
  sender: number
  receiver: number
}

export function addressOf(frame: ArrayBuffer): Address {
  const view = new DataView(frame)
  return { groupSize: view.getUint16(GROUP_SIZE), sender: view.getUint32(SENDER), receiver: view.getUint32(RECEIVER) }
}

export function messageFrame({ groupSize, sender, receiver }: Address, count: number): Uint8Array {
  const frame = new Uint8Array(FRAME_BYTES).fill(0x61)
  const view = new DataView(frame.buffer)
  frame[0] = Kind.Message
  view.setUint16(GROUP_SIZE, groupSize)
  view.setUint32(SENDER, sender)
  view.setUint32(RECEIVER, receiver)
  view.setUint32(COUNT, count)
  view.setUint32(SEQ, 0)
  return frame
}

/** Turns a message frame into its push, in place. */
export function stampPush(frame: ArrayBuffer, seq: number): ArrayBuffer {
  new Uint8Array(frame)[0] = Kind.Push
  new DataView(frame).setUint32(SEQ, seq)
  return frame
}

/** Turns a message frame into its acknowledgement, in place. */
export function stampAck(frame: ArrayBuffer, seq: number): ArrayBuffer {
  new Uint8Array(frame)[0] = Kind.Ack
  new DataView(frame).setUint32(SEQ, seq)
  return frame
}

/** Reads the fields that a client needs from the frame that starts at `at`. */
export function readFrame(bytes: Uint8Array, at: number): { kind: number; sender: number; count: number; seq: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FRAME_BYTES)
  return {
    kind: view.getUint8(0),
    sender: view.getUint32(SENDER),
    count: view.getUint32(COUNT),
    seq: view.getUint32(SEQ),
  }
}

/** The name of the ConversationObject of a message. */
export function conversationName({ groupSize, sender, receiver }: Address): string {
  return groupSize > 0 ? `group-${receiver}` : `pair-${Math.min(sender, receiver)}-${Math.max(sender, receiver)}`
}

/** The numbers of the users that receive a message. */
export function receiversOf({ groupSize, sender, receiver }: Address): number[] {
  if (groupSize === 0) return [receiver]
  return Array.from({ length: groupSize }, (_, i) => receiver + i).filter((member) => member !== sender)
}
