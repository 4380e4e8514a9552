import { MessageStatus } from './constants/message-status.ts'
import { isNotificationConversation } from './conversation-id.ts'

/*
 * Messages are encoded once, when they arrive, and stay bytes from then on. This file writes the protobuf around them
 * by hand, because protobuf allows two shortcuts that no generated codec offers. A field appended to a message
 * overrides an earlier one. An encoded message is embedded by copying it after its length.
 *
 * Both shortcuts need well-formed bytes, because one malformed message would corrupt every frame it is copied into. So
 * `readMessage` must have accepted a client's bytes, or our own codec must have decoded and re-encoded them.
 */

/** The fields that the ConversationObject sets in a message. */
export interface Stamp {
  serverMsgID: string
  /** ms */
  sendTime: number
  /** 0 for a message that is not stored. */
  seq: number
  status: number
}

// Tags: field number × 8 + wire type (0 varint, 2 length-delimited).
const MSG_SERVER_MSG_ID = (5 << 3) | 2
const MSG_SEQ = 14 << 3
const MSG_SEND_TIME = 15 << 3
const MSG_STATUS = 17 << 3
const SENT_SERVER_MSG_ID = (1 << 3) | 2
const SENT_CLIENT_MSG_ID = (2 << 3) | 2
const SENT_TIME = 3 << 3
const SENT_MODIFY = (4 << 3) | 2
const PULL_MSGS = (1 << 3) | 2
const PULL_IS_END = 2 << 3
const PULL_END_SEQ = 3 << 3
const ENTRY_KEY = (1 << 3) | 2
const ENTRY_VALUE = (2 << 3) | 2
const CHAT_MAP = (1 << 3) | 2
const NOTIFICATION_MAP = (2 << 3) | 2

/**
 * The encoded MsgData with the stamp's fields appended. All four fields are written, also when they are zero: otherwise
 * the value that the client sent would remain.
 */
export function stampMessage(msgBytes: Uint8Array, stamp: Stamp): Uint8Array {
  const serverMsgID = new Text(stamp.serverMsgID)
  const writer = new Writer(
    msgBytes.length +
      lengthDelimitedSize(MSG_SERVER_MSG_ID, serverMsgID.length) +
      varintFieldSize(MSG_SEQ, stamp.seq) +
      varintFieldSize(MSG_SEND_TIME, stamp.sendTime) +
      varintFieldSize(MSG_STATUS, stamp.status),
  )
  writer.bytes(msgBytes)
  writer.text(MSG_SERVER_MSG_ID, serverMsgID)
  writer.varintField(MSG_SEQ, stamp.seq)
  writer.varintField(MSG_SEND_TIME, stamp.sendTime)
  writer.varintField(MSG_STATUS, stamp.status)
  return writer.out
}

/** A MsgData for a seq without a message: clients store the seq and show nothing. */
export function placeholderMessage(seq: number): Uint8Array {
  const status = MessageStatus.Deleted
  const writer = new Writer(varintFieldSize(MSG_SEQ, seq) + varintFieldSize(MSG_STATUS, status))
  writer.varintField(MSG_SEQ, seq)
  writer.varintField(MSG_STATUS, status)
  return writer.out
}

/** One conversation's part of a push or of a pull's reply. Each conversation may occur only once. */
export interface ConversationMessages {
  conversationID: string
  msgs: readonly Uint8Array[]
  isEnd?: boolean
  endSeq?: number
}

/** PushMessages of frame 2001. Notification conversations have their own map, which clients apply but do not show. */
export function encodePushMessages(entries: readonly ConversationMessages[]): Uint8Array {
  return encodeConversationMaps(entries)
}

/** The reply to 1002 and 1005, which have the same shape. A conversation without messages keeps its key in the map. */
export function encodePullMessagesResp(entries: readonly ConversationMessages[]): Uint8Array {
  return encodeConversationMaps(entries)
}

/** SendMsgResp, the reply to 1003. `modify` is the encoded MsgData when a webhook has changed the message. */
export function encodeSendMsgResp(
  sent: { serverMsgID: string; clientMsgID: string; sendTime: number },
  modify: Uint8Array | null,
): Uint8Array {
  const serverMsgID = new Text(sent.serverMsgID)
  const clientMsgID = new Text(sent.clientMsgID)
  const writer = new Writer(
    lengthDelimitedSize(SENT_SERVER_MSG_ID, serverMsgID.length) +
      lengthDelimitedSize(SENT_CLIENT_MSG_ID, clientMsgID.length) +
      varintFieldSize(SENT_TIME, sent.sendTime) +
      (modify ? lengthDelimitedSize(SENT_MODIFY, modify.length) : 0),
  )
  writer.text(SENT_SERVER_MSG_ID, serverMsgID)
  writer.text(SENT_CLIENT_MSG_ID, clientMsgID)
  writer.varintField(SENT_TIME, sent.sendTime)
  if (modify) writer.lengthDelimited(SENT_MODIFY, modify)
  return writer.out
}

/** GetLastMessageResp, the reply to 1007. */
export function encodeLastMessagesResp(entries: readonly { conversationID: string; msg: Uint8Array }[]): Uint8Array {
  const keys = entries.map(({ conversationID }) => new Text(conversationID))
  let size = 0
  for (const [i, { msg }] of entries.entries()) {
    size += lengthDelimitedSize(CHAT_MAP, entrySize(keys[i] as Text, msg.length))
  }
  const writer = new Writer(size)
  for (const [i, { msg }] of entries.entries()) {
    const key = keys[i] as Text
    writer.varintField(CHAT_MAP, entrySize(key, msg.length))
    writer.text(ENTRY_KEY, key)
    writer.lengthDelimited(ENTRY_VALUE, msg)
  }
  return writer.out
}

/** Encodes map<string, PullMsgs>, as field 1 for chats and as field 2 for notifications. */
function encodeConversationMaps(entries: readonly ConversationMessages[]): Uint8Array {
  const parts = entries.map((entry) => {
    const { conversationID, msgs, isEnd = false, endSeq = 0 } = entry
    const tag = isNotificationConversation(conversationID) ? NOTIFICATION_MAP : CHAT_MAP
    const key = new Text(conversationID)
    const valueSize = pullMsgsSize(msgs, isEnd, endSeq)
    return { tag, key, msgs, isEnd, endSeq, valueSize, size: entrySize(key, valueSize) }
  })
  const writer = new Writer(parts.reduce((total, { tag, size }) => total + lengthDelimitedSize(tag, size), 0))
  for (const part of parts) {
    writer.varintField(part.tag, part.size)
    writer.text(ENTRY_KEY, part.key)
    writer.varintField(ENTRY_VALUE, part.valueSize)
    writer.pullMsgs(part.msgs, part.isEnd, part.endSeq)
  }
  return writer.out
}

/** Protobuf encodes an entry of a map as a message: field 1 is the key, field 2 the value. */
function entrySize(key: Text, valueSize: number): number {
  return lengthDelimitedSize(ENTRY_KEY, key.length) + lengthDelimitedSize(ENTRY_VALUE, valueSize)
}

function pullMsgsSize(msgs: readonly Uint8Array[], isEnd: boolean, endSeq: number): number {
  let size = 0
  for (const msg of msgs) size += lengthDelimitedSize(PULL_MSGS, msg.length)
  if (isEnd) size += varintFieldSize(PULL_IS_END, 1)
  if (endSeq !== 0) size += varintFieldSize(PULL_END_SEQ, endSeq)
  return size
}

function lengthDelimitedSize(tag: number, length: number): number {
  return varintFieldSize(tag, length) + length
}

function varintFieldSize(tag: number, value: number): number {
  return varintSize(tag) + varintSize(value)
}

function varintSize(value: number): number {
  // A negative number is sent as its 64-bit two's complement: ten groups of seven bits.
  if (value < 0) return 10
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

const utf8 = new TextEncoder()

/** A string to write as UTF-8. An ASCII string, such as an ID, is written without the encoder, which is faster. */
class Text {
  /** Bytes. */
  readonly length: number
  readonly #text: string
  /** Null for ASCII. */
  readonly #bytes: Uint8Array | null

  constructor(text: string) {
    this.#text = text
    this.#bytes = isAscii(text) ? null : utf8.encode(text)
    this.length = this.#bytes?.length ?? text.length
  }

  copyTo(out: Uint8Array, at: number): void {
    if (this.#bytes) out.set(this.#bytes, at)
    else for (let i = 0; i < this.#text.length; i++) out[at + i] = this.#text.charCodeAt(i)
  }
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x80) return false
  return true
}

/** Fills a message of known size. */
class Writer {
  readonly out: Uint8Array
  #at = 0

  constructor(size: number) {
    this.out = new Uint8Array(size)
  }

  pullMsgs(msgs: readonly Uint8Array[], isEnd: boolean, endSeq: number): void {
    for (const msg of msgs) this.lengthDelimited(PULL_MSGS, msg)
    if (isEnd) this.varintField(PULL_IS_END, 1)
    if (endSeq !== 0) this.varintField(PULL_END_SEQ, endSeq)
  }

  lengthDelimited(tag: number, bytes: Uint8Array): void {
    this.varintField(tag, bytes.length)
    this.bytes(bytes)
  }

  text(tag: number, text: Text): void {
    this.varintField(tag, text.length)
    text.copyTo(this.out, this.#at)
    this.#at += text.length
  }

  /** Also used to begin a length-delimited field, whose first part is its length. */
  varintField(tag: number, value: number): void {
    this.#varint(tag)
    if (value < 0) this.#negative(value)
    else this.#varint(value)
  }

  bytes(bytes: Uint8Array): void {
    this.out.set(bytes, this.#at)
    this.#at += bytes.length
  }

  /** Divides instead of shifting, because numbers go up to 2^53 and shifts cut at 32 bits. */
  #varint(value: number): void {
    let rest = value
    while (rest >= 128) {
      this.out[this.#at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    this.out[this.#at++] = rest
  }

  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    while (rest >= 128n) {
      this.out[this.#at++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.out[this.#at++] = Number(rest)
  }
}
