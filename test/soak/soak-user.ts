import { randomUUID } from 'node:crypto'
import type { WsResponse } from '../../src/protocol/envelope/frame.ts'
import {
  GetConversationsHasReadAndMaxSeqReq,
  GetConversationsHasReadAndMaxSeqResp,
  GetMaxSeqReq,
  GetMaxSeqResp,
  MsgData,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
  PushMessages,
  SendMsgResp,
} from '../../src/protocol/proto/index.ts'
import { rest } from '../e2e/rig/rest.ts'
import { sleep } from '../e2e/rig/server.ts'
import type { KnownMessage, LatePush, SentMessage } from './ledger.ts'
import { type Envelope, NoAnswer, SoakSocket } from './socket.ts'

const NEWEST_SEQS = 1001
const PULL_RANGE = 1002
const SEND = 1003
const READ_POSITIONS = 1006
const PUSH = 2001

/** Seqs of one pull request. */
const PAGE = 100
const RETRY_MS = 200

/** A conversation that a user writes into. */
export interface Chat {
  conversationID: string
  recvID: string
  groupID: string
}

export interface SoakUserOptions {
  server: { url: string; wsUrl: string }
  userID: string
  token: string
  platformID: number
  envelope: Envelope
  chats: readonly Chat[]
}

/**
 * One user with one device that behaves as the SDKs do: it reconnects by itself, asks for the newest seqs, pulls what
 * it lacks, retries a message without an answer under the same clientMsgID, and drops a seq that it has.
 */
export class SoakUser {
  readonly options: SoakUserOptions
  readonly held = new Map<string, Map<number, KnownMessage>>()
  readonly sent: SentMessage[] = []
  readonly marked = new Map<string, number>()
  readonly latePushes: LatePush[] = []
  readonly conflicts: { userID: string; conversationID: string; seq: number }[] = []
  #socket: SoakSocket | null = null
  /** Highest seq pushed to the current socket, by conversation. */
  #pushed = new Map<string, number>()
  #isOnline = true
  #isRunning = true
  #loop: Promise<void> = Promise.resolve()

  constructor(options: SoakUserOptions) {
    this.options = options
  }

  get userID(): string {
    return this.options.userID
  }

  /** Keeps the device connected until `stop`. */
  start(): void {
    this.#loop = this.#stayConnected()
  }

  /** Waits until the device is connected and holds all that the server has for it. */
  async settle(): Promise<void> {
    for (;;) {
      try {
        await this.#sync(await this.#connected())
        return
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
      }
    }
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#socket?.cut()
    await this.#loop
  }

  /** Cuts the connection; the device reconnects at once. */
  async cut(): Promise<void> {
    await this.#socket?.cut()
  }

  /** Is offline for a while, as a phone without a network. */
  async goOffline(ms: number): Promise<void> {
    this.#isOnline = false
    await this.#socket?.cut()
    await sleep(ms)
    this.#isOnline = true
  }

  /** Sends one text and returns once it is acknowledged, however many connections that takes. */
  async send(chat: Chat, repeat: boolean): Promise<void> {
    const earlier = this.sent.filter(({ conversationID }) => conversationID === chat.conversationID)
    const message: SentMessage = {
      conversationID: chat.conversationID,
      sendID: this.userID,
      clientMsgID: randomUUID().replaceAll('-', ''),
      ordinal: earlier.length + 1,
      answers: [],
    }
    this.sent.push(message)
    const data = MsgData.encode(this.#textOf(chat, message)).finish()
    while (message.answers.length === 0) await this.#trySending(message, data)
    if (repeat) await this.#trySending(message, data)
  }

  /** Marks a conversation as read up to the newest message that the device holds. */
  async markRead(conversationID: string): Promise<void> {
    const newest = Math.max(0, ...(this.held.get(conversationID)?.keys() ?? []))
    if (newest === 0) return
    const { server, token } = this.options
    const body = { conversationID, userID: this.userID, hasReadSeq: newest, seqs: [] }
    try {
      const { errCode } = await rest(server).post('/msg/mark_conversation_as_read', body, { token })
      if (errCode === 0) this.marked.set(conversationID, Math.max(newest, this.marked.get(conversationID) ?? 0))
    } catch {
      // The server was killed meanwhile. A later mark has a higher seq, so this one is not repeated: the verifier only
      // knows of positions that were acknowledged, and compares them after a last mark of every conversation.
    }
  }

  /** Every conversation as a device with an empty store pulls it. */
  async fetchAll(): Promise<Map<string, Map<number, KnownMessage>>> {
    const fetched = new Map<string, Map<number, KnownMessage>>()
    const socket = await this.#connected()
    for (const [conversationID, maxSeq] of Object.entries(await this.#newestSeqs(socket))) {
      if (conversationID.startsWith('n_')) continue
      const log = new Map<number, KnownMessage>()
      for (let begin = 1; begin <= maxSeq; begin += PAGE) {
        const end = Math.min(maxSeq, begin + PAGE - 1)
        for (const message of await this.#pull(socket, conversationID, begin, end)) log.set(message.seq, message)
      }
      fetched.set(conversationID, log)
    }
    return fetched
  }

  async positions(): Promise<Map<string, { hasReadSeq: number; maxSeq: number }>> {
    const data = GetConversationsHasReadAndMaxSeqReq.encode({
      userID: this.userID,
      conversationIDs: [],
      returnPinned: false,
    }).finish()
    const answer = await (await this.#connected()).request(READ_POSITIONS, data)
    const { seqs } = GetConversationsHasReadAndMaxSeqResp.decode(accepted(answer))
    return new Map(Object.entries(seqs).map(([id, { hasReadSeq, maxSeq }]) => [id, { hasReadSeq, maxSeq }]))
  }

  async #trySending(message: SentMessage, data: Uint8Array): Promise<void> {
    try {
      const { serverMsgID, sendTime } = SendMsgResp.decode(
        accepted(await (await this.#connected()).request(SEND, data)),
      )
      message.answers.push({ serverMsgID, sendTime })
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error
    }
  }

  #textOf({ recvID, groupID }: Chat, { clientMsgID, ordinal }: SentMessage): MsgData {
    return MsgData.fromPartial({
      sendID: this.userID,
      recvID,
      groupID,
      clientMsgID,
      senderPlatformID: this.options.platformID,
      sessionType: groupID === '' ? 1 : 3,
      msgFrom: 100,
      contentType: 101,
      content: Buffer.from(JSON.stringify({ content: `${this.userID} ${ordinal}` })),
      createTime: Date.now(),
      status: 1,
    })
  }

  async #stayConnected(): Promise<void> {
    while (this.#isRunning) {
      if (!this.#isOnline) {
        await sleep(RETRY_MS)
        continue
      }
      try {
        this.#pushed = new Map()
        const { server, ...rest } = this.options
        const socket = await SoakSocket.connect({ ...rest, wsUrl: server.wsUrl }, (push) => this.#receive(push))
        this.#socket = socket
        await this.#sync(socket)
        await socket.closed
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error
        await sleep(RETRY_MS)
      }
    }
  }

  async #connected(): Promise<SoakSocket> {
    while (!this.#socket?.isOpen) await sleep(RETRY_MS / 4)
    return this.#socket
  }

  async #sync(socket: SoakSocket): Promise<void> {
    for (const [conversationID, maxSeq] of Object.entries(await this.#newestSeqs(socket))) {
      if (conversationID.startsWith('n_')) continue
      const log = this.#log(conversationID)
      for (let begin = 1; begin <= maxSeq; begin += PAGE) {
        const end = Math.min(maxSeq, begin + PAGE - 1)
        const isWhole = Array.from({ length: end - begin + 1 }, (_, i) => begin + i).every((seq) => log.has(seq))
        if (isWhole) continue
        for (const message of await this.#pull(socket, conversationID, begin, end)) this.#hold(conversationID, message)
      }
    }
  }

  async #newestSeqs(socket: SoakSocket): Promise<Record<string, number>> {
    const data = GetMaxSeqReq.encode({ userID: this.userID }).finish()
    return GetMaxSeqResp.decode(accepted(await socket.request(NEWEST_SEQS, data))).maxSeqs
  }

  async #pull(socket: SoakSocket, conversationID: string, begin: number, end: number): Promise<KnownMessage[]> {
    const seqRanges = [{ conversationID, begin, end, num: PAGE }]
    const data = PullMessageBySeqsReq.encode({ userID: this.userID, seqRanges, order: 0 }).finish()
    const { msgs } = PullMessageBySeqsResp.decode(accepted(await socket.request(PULL_RANGE, data)))
    return (msgs[conversationID]?.Msgs ?? []).map(known)
  }

  #receive(response: WsResponse): void {
    if (response.reqIdentifier !== PUSH) return
    const { msgs } = PushMessages.decode(response.data)
    for (const [conversationID, { Msgs }] of Object.entries(msgs)) {
      if (conversationID.startsWith('n_')) continue
      for (const message of Msgs.map(known)) {
        if (message.seq === 0) continue
        const newerSeq = this.#pushed.get(conversationID) ?? 0
        const isKnown = this.#log(conversationID).has(message.seq)
        if (message.seq < newerSeq && !isKnown && message.sendID !== this.userID) {
          this.latePushes.push({ userID: this.userID, conversationID, seq: message.seq, newerSeq })
        }
        this.#pushed.set(conversationID, Math.max(newerSeq, message.seq))
        this.#hold(conversationID, message)
      }
    }
  }

  #hold(conversationID: string, message: KnownMessage): void {
    const log = this.#log(conversationID)
    const older = log.get(message.seq)
    if (older && older.clientMsgID !== message.clientMsgID) {
      this.conflicts.push({ userID: this.userID, conversationID, seq: message.seq })
    }
    log.set(message.seq, message)
  }

  #log(conversationID: string): Map<number, KnownMessage> {
    let log = this.held.get(conversationID)
    if (!log) {
      log = new Map()
      this.held.set(conversationID, log)
    }
    return log
  }
}

function known({ seq, clientMsgID, sendID, sendTime }: MsgData): KnownMessage {
  return { seq, clientMsgID, sendID, sendTime }
}

/** @throws Error when the server refuses a request: a soak makes none that may be refused */
function accepted({ errCode, errMsg, data }: WsResponse): Uint8Array {
  if (errCode !== 0) throw new Error(`a request was refused: ${errCode} ${errMsg}`)
  return data
}
