import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { MsgData, SendMsgResp } from '../../../src/protocol/proto/index.ts'
import { Backoff } from './connection/backoff.ts'
import type { Link } from './connection/link.ts'
import { newID } from './connection/socket.ts'
import { ClientFailure, failureFrom } from './errors.ts'
import { contentToSend, encodeContent } from './messages/content.ts'
import type { Address } from './messages/target.ts'
import type { Rows } from './store/rows.ts'
import type { ClientError, Content, Message, Outgoing, User } from './types.ts'

/** The server closes a connection that sends a larger frame; base64 and the envelope add a third. */
const MAX_CONTENT_BYTES = 32_000
/** A message that the server cannot take now is tried this often before it counts as failed. */
const MAX_REFUSALS = 5

/** An unsent message, as it outlives the tab. */
export interface OutboxRow {
  address: Address
  outgoing: Outgoing
  message: Message
  /** Addresses of the files that are uploaded already. */
  urls: readonly string[]
  isPrivate: boolean
  burnDuration: number
  failure?: { reason: ClientError['reason']; message: string; errCode: number }
}

/** A change of the outbox for the other tabs: a message, or the end of one. */
export type OutboxNote =
  | { row: OutboxRow }
  | { sent: { clientMsgID: string; serverMsgID: string; sendTime: number; content: Content } }
  | { gone: string }

interface Entry extends OutboxRow {
  refusals: number
  cancelled: AbortController
}

export interface OutboxOptions {
  link: Pick<Link, 'request' | 'state' | 'isLeader'>
  /** Passes a change on to the other tabs. */
  share(note: OutboxNote): void
  db: Rows
  selfID: string
  platformID: number
  self(): User | undefined
  upload(
    file: Blob,
    name: string,
    cause: string,
    options: { onProgress: (part: number) => void; signal: AbortSignal },
  ): Promise<{ url: string }>
  /** Called when the unsent messages of a conversation change. */
  onChange(conversationID: string): void
}

const ALL = '\u{10ffff}'
const utf8 = new TextEncoder()

/**
 * The messages that the server has not confirmed. They are sent in order, one at a time in each conversation, and as
 * often as needed under the same clientMsgID: the server takes each once.
 */
export class Outbox {
  readonly #entries = new Map<string, Entry>()
  readonly #running = new Set<string>()
  readonly #options: OutboxOptions
  /** Sending begins after the first sync. */
  #isActive = false

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  /** Shows the messages that the last visit, or a tab that is closed, did not send. */
  async restore(): Promise<void> {
    const rows = await this.#options.db.range<OutboxRow>('outbox', '', ALL)
    rows.sort((a, b) => a.message.sendTime - b.message.sendTime)
    for (const row of rows) if (!this.#entries.has(row.message.clientMsgID)) this.#adopt(row)
  }

  /** Takes over a change of another tab. */
  onNote(note: OutboxNote): void {
    if ('row' in note) {
      this.#adopt(note.row)
      void this.#run(note.row.message.conversationID)
    } else if ('sent' in note) {
      const { clientMsgID, ...sent } = note.sent
      const entry = this.#entries.get(clientMsgID)
      if (!entry) return
      this.#entries.set(clientMsgID, { ...entry, message: { ...entry.message, ...sent, status: 'sent' } })
      this.#options.onChange(entry.message.conversationID)
    } else {
      const entry = this.#entries.get(note.gone)
      entry?.cancelled.abort()
      if (entry && this.#entries.delete(note.gone)) this.#options.onChange(entry.message.conversationID)
    }
  }

  #adopt(row: OutboxRow): void {
    const { message, failure } = row
    const { error: _error, ...kept } = message
    const error = failure && new ClientFailure(failure.reason, failure.message, failure.errCode)
    const known = this.#entries.get(message.clientMsgID)
    const cancelled = known?.cancelled ?? new AbortController()
    this.#entries.set(message.clientMsgID, {
      ...row,
      message: error ? { ...kept, error } : kept,
      refusals: 0,
      cancelled,
    })
    this.#options.onChange(message.conversationID)
  }

  /** Sends from now on, when there is a connection. */
  activate(): void {
    this.#isActive = true
    for (const conversationID of new Set([...this.#entries.values()].map((entry) => entry.message.conversationID))) {
      void this.#run(conversationID)
    }
  }

  deactivate(): void {
    this.#isActive = false
  }

  pendingIn(conversationID: string): Message[] {
    return [...this.#entries.values()]
      .map(({ message }) => message)
      .filter((message) => message.conversationID === conversationID)
  }

  add(address: Address, outgoing: Outgoing, settings: { isPrivate: boolean; burnDuration: number }): Message {
    const self = this.#options.self()
    const message: Message = {
      clientMsgID: newID(),
      serverMsgID: '',
      conversationID: address.conversationID,
      seq: 0,
      sendID: this.#options.selfID,
      recvID: address.userID,
      groupID: address.groupID,
      senderNickname: self?.nickname ?? '',
      senderFaceURL: self?.faceURL ?? '',
      sendTime: this.#nextTime(address.conversationID),
      content: contentToSend(outgoing, this.#options.selfID),
      status: 'sending',
      isRead: false,
      ex: '',
    }
    const entry = { address, outgoing, message, urls: [], ...settings, refusals: 0, cancelled: new AbortController() }
    this.#entries.set(message.clientMsgID, entry)
    this.#save(entry)
    this.#options.onChange(message.conversationID)
    void this.#run(message.conversationID)
    return message
  }

  retry(clientMsgID: string): void {
    const entry = this.#entries.get(clientMsgID)
    if (entry?.message.status !== 'failed') return
    const { error: _error, ...message } = entry.message
    const { failure: _failure, ...rest } = entry
    const again: Entry = { ...rest, message: { ...message, status: 'sending' }, refusals: 0 }
    this.#entries.set(clientMsgID, again)
    this.#save(again)
    this.#options.onChange(message.conversationID)
    void this.#run(message.conversationID)
  }

  cancel(clientMsgID: string): void {
    const entry = this.#entries.get(clientMsgID)
    if (!entry || entry.message.status === 'sent') return
    entry.cancelled.abort()
    this.#forget(entry.message)
    this.#options.share({ gone: clientMsgID })
  }

  /** The server's copy of a message has come, with its seq. */
  confirm(clientMsgID: string): void {
    const entry = this.#entries.get(clientMsgID)
    if (entry) this.#forget(entry.message)
  }

  /** Removes what was not sent to a conversation that is deleted. */
  clear(conversationID: string): void {
    for (const { clientMsgID } of this.pendingIn(conversationID)) this.cancel(clientMsgID)
  }

  async #run(conversationID: string): Promise<void> {
    if (this.#running.has(conversationID)) return
    this.#running.add(conversationID)
    try {
      const backoff = new Backoff()
      for (let entry = this.#next(conversationID); entry; entry = this.#next(conversationID)) {
        const outcome = await this.#try(entry)
        if (outcome === 'wait') break
        if (outcome === 'later') await new Promise((resolve) => setTimeout(resolve, backoff.nextMs()))
        else backoff.reset()
      }
    } finally {
      this.#running.delete(conversationID)
    }
  }

  #next(conversationID: string): Entry | undefined {
    const { isLeader, state } = this.#options.link
    if (!this.#isActive || !isLeader || state.get().status !== 'open') return undefined
    return [...this.#entries.values()].find(
      ({ message }) => message.conversationID === conversationID && message.status === 'sending',
    )
  }

  /** `wait`: the connection is gone; its successor continues. `later`: the server cannot take it now. */
  async #try(entry: Entry): Promise<'done' | 'wait' | 'later'> {
    const { clientMsgID } = entry.message
    const isGone = () => !this.#entries.has(clientMsgID)
    try {
      const uploaded = await this.#uploaded(entry)
      if (isGone()) return 'done'
      const { serverMsgID, sendTime } = await this.#send(uploaded)
      if (isGone()) return 'done'
      const { progress: _progress, ...message } = (this.#entries.get(clientMsgID) ?? uploaded).message
      const content = uploaded.message.content
      const sent: Message = { ...message, content, status: 'sent', serverMsgID, sendTime }
      this.#entries.set(clientMsgID, { ...uploaded, message: sent })
      // Stored by the server: from now on, the conversation's history has it.
      this.#options.db.put({ table: 'outbox', key: clientMsgID, isDeletion: true })
      this.#options.share({ sent: { clientMsgID, serverMsgID, sendTime, content } })
      this.#options.onChange(message.conversationID)
      return 'done'
    } catch (thrown) {
      if (isGone()) return 'done'
      const error = failureFrom(thrown, 'sending')
      const isConnected = this.#options.link.state.get().status === 'open'
      if (error.reason === 'token' || (error.isRetryable && !isConnected)) return 'wait'
      const now = this.#entries.get(clientMsgID) ?? entry
      now.refusals++
      if (error.isRetryable && now.refusals < MAX_REFUSALS) return 'later'
      this.#fail(now, error)
      return 'done'
    }
  }

  async #uploaded(entry: Entry): Promise<Entry> {
    const files = filesOf(entry.outgoing)
    const urls = [...entry.urls]
    for (const [at, { file, name, cause }] of files.entries()) {
      if (urls[at] !== undefined) continue
      const onProgress = (part: number) => {
        const now = this.#entries.get(entry.message.clientMsgID)
        if (!now) return
        const progress = (at + part) / files.length
        this.#entries.set(now.message.clientMsgID, { ...now, message: { ...now.message, progress } })
        this.#options.onChange(now.message.conversationID)
      }
      const { signal } = entry.cancelled
      urls.push((await this.#options.upload(file, name, cause, { onProgress, signal })).url)
      this.#save({ ...entry, urls })
    }
    if (files.length === 0) return entry
    const content = contentToSend(entry.outgoing, this.#options.selfID, urls)
    return { ...entry, urls, message: { ...entry.message, content } }
  }

  async #send({ address, message, isPrivate, burnDuration }: Entry): Promise<SendMsgResp> {
    const { contentType, json } = encodeContent(message.content)
    const content = utf8.encode(JSON.stringify(json))
    if (content.length > MAX_CONTENT_BYTES) {
      throw new ClientFailure('too-large', `the message has ${content.length} bytes; ${MAX_CONTENT_BYTES} are the most`)
    }
    const msg = MsgData.fromPartial({
      sendID: message.sendID,
      recvID: message.recvID,
      groupID: message.groupID,
      clientMsgID: message.clientMsgID,
      senderPlatformID: this.#options.platformID,
      senderNickname: this.#options.self()?.nickname ?? message.senderNickname,
      senderFaceURL: this.#options.self()?.faceURL ?? message.senderFaceURL,
      sessionType: address.conversationType,
      msgFrom: 100,
      contentType,
      content,
      createTime: message.sendTime,
      status: 1,
      options: isPrivate ? { notPrivate: false } : {},
      atUserIDList: message.content.kind === 'mention' ? [...message.content.atUserIDs] : [],
      attachedInfo: isPrivate ? JSON.stringify({ isPrivateChat: true, burnDuration }) : '',
      ex: message.ex,
    })
    return SendMsgResp.decode(await this.#options.link.request(WsRequestID.SendMsg, MsgData.encode(msg).finish()))
  }

  #fail(entry: Entry, error: ClientFailure): void {
    const { reason, errCode } = error
    const { progress: _progress, ...message } = entry.message
    const failed: Entry = {
      ...entry,
      message: { ...message, status: 'failed', error },
      failure: { reason, message: error.message, errCode },
    }
    this.#entries.set(message.clientMsgID, failed)
    this.#save(failed)
    this.#options.onChange(message.conversationID)
  }

  #save({ refusals: _refusals, cancelled: _cancelled, ...row }: Entry): void {
    // Errors cannot be stored; `failure` holds what a reload needs.
    const { error: _error, progress: _progress, ...message } = row.message
    const kept: OutboxRow = { ...row, message }
    this.#options.db.put({ table: 'outbox', key: message.clientMsgID, value: kept })
    this.#options.share({ row: kept })
  }

  #forget({ clientMsgID, conversationID }: Message): void {
    this.#entries.delete(clientMsgID)
    this.#options.db.put({ table: 'outbox', key: clientMsgID, isDeletion: true })
    this.#options.onChange(conversationID)
  }

  /** Later than the messages before it, so that a reload keeps the order. */
  #nextTime(conversationID: string): number {
    return Math.max(Date.now(), (this.pendingIn(conversationID).at(-1)?.sendTime ?? 0) + 1)
  }
}

/** OpenIM's names of the groups of files, by which old files are cleared. */
function filesOf(outgoing: Outgoing): { file: Blob; name: string; cause: string }[] {
  switch (outgoing.kind) {
    case 'picture':
      return [{ file: outgoing.file, name: outgoing.name ?? 'picture', cause: 'msg-picture' }]
    case 'voice':
      return [{ file: outgoing.file, name: 'voice', cause: 'msg-voice' }]
    case 'file':
      return [{ file: outgoing.file, name: outgoing.name, cause: 'msg-file' }]
    case 'video': {
      const { file, name = 'video', snapshot } = outgoing
      const preview = snapshot ? [{ file: snapshot, name: 'snapshot', cause: 'msg-video-snapshot' }] : []
      return [{ file, name, cause: 'msg-video' }, ...preview]
    }
    default:
      return []
  }
}
