import { ContentType } from '../../../../src/protocol/constants/content-type.ts'
import { WsRequestID } from '../../../../src/protocol/constants/ws-request.ts'
import {
  GetConversationsHasReadAndMaxSeqReq,
  GetConversationsHasReadAndMaxSeqResp,
  GetMaxSeqReq,
  GetMaxSeqResp,
  type MsgData,
  PushMessages,
} from '../../../../src/protocol/proto/index.ts'
import type { Link } from '../connection/link.ts'
import type { Contacts } from '../contacts.ts'
import type { Conversations, WireConversation } from '../conversations.ts'
import { ClientFailure } from '../errors.ts'
import { revokedContent, tipsIn } from '../messages/content.ts'
import type { History } from '../messages/history.ts'
import { messageFrom, textOf } from '../messages/message.ts'
import { addressOf } from '../messages/target.ts'
import type { ThreadWindow } from '../messages/thread.ts'
import type { Emitter } from '../observable.ts'
import type { Outbox } from '../outbox.ts'
import type { Rest } from '../rest.ts'
import type { Rows } from '../store/rows.ts'
import type { ClientEvents, Group, Message } from '../types.ts'

/** Messages of each conversation that are fetched after an absence; older ones come when a thread shows them. */
const CATCH_UP = 30
/** Ranges of one request: together about as many messages as OpenIM's clients ask for. */
const RANGES_PER_PULL = 20
/** Conversations of one call for the details that a list shows. */
const DETAILS_PER_CALL = 100

interface ConversationsDelta {
  version: number
  versionID: string
  full: boolean
  delete: string[] | null
  insert: WireConversation[] | null
  update: WireConversation[] | null
}

/** A message in a REST answer: its content is base64. */
type WireMessage = Omit<MsgData, 'content'> & { content: string }

interface Details {
  conversation: WireConversation
  lastMsg: WireMessage | null
  user: { nickname: string; faceURL: string } | null
  group: { groupName: string; faceURL: string } | null
  maxSeq: number
  readSeq: number
}

interface Position {
  version: number
  versionID: string
  /** The last applied seq of each notification conversation. */
  noticeSeqs: Record<string, number>
}

export interface EngineOptions {
  link: Pick<Link, 'request'>
  rest: Rest
  db: Rows
  selfID: string
  conversations: Conversations
  contacts: Contacts
  history: History
  outbox: Outbox
  windows: ReadonlyMap<string, ThreadWindow>
  events: Emitter<ClientEvents>
}

/**
 * Keeps the local state equal to the server's: after each connect by seqs and versions, and then by every push. All
 * work runs in one order, so that a push is applied after the sync that began before it.
 */
export class Engine {
  readonly #options: EngineOptions
  #work: Promise<unknown> = Promise.resolve()
  #position: Position | undefined
  readonly #later = new Map<string, Promise<void>>()

  constructor(options: EngineOptions) {
    this.#options = options
  }

  async restore(): Promise<void> {
    this.#position = await this.#options.db.get<Position>('state', 'position')
  }

  /** Fetches what changed since the last connection. */
  sync(): Promise<void> {
    return this.#inOrder(async () => {
      await Promise.all([this.#syncConversations(), this.#options.contacts.sync()])
      this.#options.conversations.setLoaded({ isStale: false })
      await Promise.all([...this.#options.windows.values()].map((window) => window.follow()))
    })
  }

  /** Applies a push; an error leaves the rest to the next sync, which `onError` has to start. */
  push(data: Uint8Array, onError: (error: unknown) => void): void {
    const { msgs, notificationMsgs } = PushMessages.decode(data)
    this.#inOrder(async () => {
      for (const [conversationID, { Msgs }] of Object.entries(msgs)) await this.#onMessages(conversationID, Msgs)
      for (const [conversationID, { Msgs }] of Object.entries(notificationMsgs)) {
        await this.#onNotices(conversationID, Msgs)
      }
    }).catch(onError)
  }

  /** The details of conversations as the server has them now. */
  refreshDetails(conversationIDs: readonly string[]): Promise<void> {
    return this.#inOrder(() => this.#fetchDetails(conversationIDs))
  }

  async #syncConversations(): Promise<void> {
    const { link, rest, selfID, conversations } = this.#options
    const version = { version: this.#position?.version ?? 0, versionID: this.#position?.versionID ?? '' }
    const everything = GetConversationsHasReadAndMaxSeqReq.encode({
      userID: selfID,
      conversationIDs: [],
      returnPinned: false,
    }).finish()
    const [seqs, newest, delta] = await Promise.all([
      link.request(WsRequestID.GetConvMaxReadSeq, everything),
      link.request(WsRequestID.GetNewestSeq, GetMaxSeqReq.encode({ userID: selfID }).finish()),
      rest.call<ConversationsDelta>('/conversation/get_incremental_conversations', { userID: selfID, ...version }),
    ])
    await this.#applyDelta(delta)
    const changes = Object.entries(GetConversationsHasReadAndMaxSeqResp.decode(seqs).seqs)
    changes.sort(([, a], [, b]) => b.maxSeqTime - a.maxSeqTime)
    const unknown: string[] = []
    const behind: string[] = []
    for (const [conversationID, { maxSeq, hasReadSeq }] of changes) {
      const row = conversations.get(conversationID)
      if (!row) continue
      if (hasReadSeq > row.hasReadSeq) conversations.update(conversationID, { hasReadSeq })
      if (row.name === '' || (row.maxSeq === 0 && maxSeq > 0)) unknown.push(conversationID)
      else if (maxSeq > row.maxSeq) behind.push(conversationID)
    }
    await this.#fetchDetails(unknown)
    await this.#catchUp(behind, (conversationID) => {
      return changes.find(([id]) => id === conversationID)?.[1].maxSeq ?? 0
    })
    await this.#catchUpNotices(GetMaxSeqResp.decode(newest).maxSeqs)
    this.#savePosition({ version: delta.version, versionID: delta.versionID })
  }

  async #applyDelta(delta: ConversationsDelta): Promise<void> {
    const { rest, selfID, conversations } = this.#options
    if (!delta.full) {
      for (const conversationID of delta.delete ?? []) conversations.delete(conversationID)
      for (const wire of [...(delta.insert ?? []), ...(delta.update ?? [])]) conversations.apply(wire)
      return
    }
    const answer = await rest.call<{ conversations: WireConversation[] | null }>(
      '/conversation/get_all_conversations',
      { ownerUserID: selfID },
    )
    const all = answer.conversations ?? []
    const present = new Set(all.map(({ conversationID }) => conversationID))
    for (const { conversationID, isOnServer } of [...conversations.all()]) {
      if (isOnServer && !present.has(conversationID)) conversations.delete(conversationID)
    }
    for (const wire of all) conversations.apply(wire)
  }

  async #fetchDetails(conversationIDs: readonly string[]): Promise<void> {
    const { rest, selfID } = this.#options
    for (let at = 0; at < conversationIDs.length; at += DETAILS_PER_CALL) {
      const batch = conversationIDs.slice(at, at + DETAILS_PER_CALL)
      const request = { ownerUserID: selfID, conversationIDs: batch }
      const answer = await rest.call<{ conversations: Details[] | null }>('/jssdk/get_conversations', request)
      for (const details of answer.conversations ?? []) this.#applyDetails(details)
    }
  }

  #applyDetails({ conversation, lastMsg, user, group, maxSeq, readSeq }: Details): void {
    const { conversations, history, selfID } = this.#options
    const row = conversations.apply(conversation)
    const { conversationID } = row
    const msg = lastMsg && { ...lastMsg, content: new TextEncoder().encode(textOf(lastMsg.content)) }
    const latestMessage = msg ? messageFrom(msg, conversationID, selfID) : undefined
    conversations.set({
      ...row,
      name: user?.nickname ?? group?.groupName ?? row.name,
      faceURL: user?.faceURL ?? group?.faceURL ?? row.faceURL,
      maxSeq: Math.max(row.maxSeq, maxSeq),
      hasReadSeq: Math.max(row.hasReadSeq, readSeq),
      latestMessage,
    })
    if (msg && latestMessage) history.keep(conversationID, [msg], [msg.seq, msg.seq])
  }

  /** Fetches the newest messages of conversations that have some, and reports them. */
  async #catchUp(conversationIDs: readonly string[], maxSeqOf: (conversationID: string) => number): Promise<void> {
    const { conversations, history } = this.#options
    for (let at = 0; at < conversationIDs.length; at += RANGES_PER_PULL) {
      const ranges = conversationIDs.slice(at, at + RANGES_PER_PULL).map((conversationID) => {
        const end = maxSeqOf(conversationID)
        const begin = Math.max((conversations.get(conversationID)?.maxSeq ?? 0) + 1, end - CATCH_UP + 1)
        return { conversationID, begin, end, num: CATCH_UP }
      })
      const { msgs } = await history.pull(ranges)
      for (const { conversationID, begin, end } of ranges) {
        await this.#accept(conversationID, msgs[conversationID]?.Msgs ?? [], [begin, end])
      }
    }
  }

  /** Applies the stored notices that were missed: revoked, deleted and read messages. */
  async #catchUpNotices(maxSeqs: Readonly<Record<string, number>>): Promise<void> {
    const known = this.#position?.noticeSeqs
    const noticeSeqs = { ...known }
    const ranges = Object.entries(maxSeqs).flatMap(([conversationID, end]) => {
      if (!conversationID.startsWith('n_')) return []
      const begin = (noticeSeqs[conversationID] ?? 0) + 1
      noticeSeqs[conversationID] = end
      // A new store has no messages that an older notice could change.
      return known && begin <= end ? [{ conversationID, begin, end, num: end - begin + 1 }] : []
    })
    for (let at = 0; at < ranges.length; at += RANGES_PER_PULL) {
      const batch = ranges.slice(at, at + RANGES_PER_PULL)
      const { notificationMsgs } = await this.#options.history.pull(batch)
      for (const [, { Msgs }] of Object.entries(notificationMsgs)) {
        for (const msg of Msgs) await this.#onNotice(msg)
      }
    }
    this.#savePosition({ noticeSeqs })
  }

  async #onMessages(conversationID: string, msgs: readonly MsgData[]): Promise<void> {
    const { conversations, history } = this.#options
    for (const msg of msgs) {
      if (msg.seq === 0) {
        this.#onOnlineOnly(conversationID, msg)
        continue
      }
      const row = conversations.get(conversationID)
      if (!row?.isOnServer) {
        // The first message of a conversation: the server's row has its settings and names.
        conversations.ensure(addressOf({ conversationID }, this.#options.selfID))
        await this.#fetchDetails([conversationID])
        const known = conversations.get(conversationID)
        if (known && known.maxSeq >= msg.seq) conversations.update(conversationID, { maxSeq: msg.seq - 1 })
      }
      const maxSeq = conversations.get(conversationID)?.maxSeq ?? 0
      if (msg.seq <= maxSeq) continue
      if (msg.seq > maxSeq + 1) {
        const begin = Math.max(maxSeq + 1, msg.seq - CATCH_UP)
        const { msgs: missed } = await history.pull([{ conversationID, begin, end: msg.seq - 1, num: CATCH_UP }])
        await this.#accept(conversationID, missed[conversationID]?.Msgs ?? [], [begin, msg.seq - 1])
      }
      await this.#accept(conversationID, [msg], [msg.seq, msg.seq])
    }
  }

  /** Takes over the newest messages of a conversation. */
  async #accept(conversationID: string, msgs: readonly MsgData[], range: readonly [number, number]): Promise<void> {
    const { conversations, history, outbox, windows, selfID } = this.#options
    const messages = history.keep(conversationID, msgs, range)
    const row = conversations.get(conversationID)
    if (!row) return
    const own = messages.findLast(({ sendID }) => sendID === selfID)?.seq ?? 0
    conversations.set({
      ...row,
      maxSeq: Math.max(row.maxSeq, range[1]),
      // The server marks everything before a sent message as read.
      hasReadSeq: Math.max(row.hasReadSeq, own),
      latestMessage: messages.at(-1) ?? row.latestMessage,
    })
    await windows.get(conversationID)?.follow()
    for (const message of messages) {
      const isSentHere = outbox.pendingIn(conversationID).some(({ clientMsgID }) => clientMsgID === message.clientMsgID)
      outbox.confirm(message.clientMsgID)
      windows.get(conversationID)?.setTyping(message.sendID, false)
      if (!isSentHere) this.#options.events.emit('message', message)
    }
  }

  #onOnlineOnly(conversationID: string, msg: MsgData): void {
    const { selfID, windows, events } = this.#options
    if (msg.sendID === selfID) return
    if (msg.contentType === ContentType.Typing) {
      const { msgTips } = JSON.parse(textOf(msg.content)) as { msgTips?: string }
      windows.get(conversationID)?.setTyping(msg.sendID, msgTips === 'yes')
      return
    }
    const message = messageFrom(msg, conversationID, selfID)
    if (message) events.emit('message', message)
  }

  async #onNotices(conversationID: string, msgs: readonly MsgData[]): Promise<void> {
    for (const msg of msgs) {
      await this.#onNotice(msg)
      const noticeSeqs = this.#position?.noticeSeqs ?? {}
      if (msg.seq > (noticeSeqs[conversationID] ?? 0)) {
        // A gap is left to the next sync, as the last seq without one stays the position.
        if (msg.seq === (noticeSeqs[conversationID] ?? 0) + 1) {
          this.#savePosition({ noticeSeqs: { ...noticeSeqs, [conversationID]: msg.seq } })
        }
      }
    }
  }

  async #onNotice(msg: MsgData): Promise<void> {
    const { contacts, events, selfID } = this.#options
    const tips = tipsIn(textOf(msg.content))
    switch (msg.contentType) {
      case ContentType.MsgRevokeNotification:
        return this.#onRevoke(tips as unknown as RevokeTips)
      case ContentType.DeleteMsgsNotification: {
        const { conversationID, seqs } = tips as unknown as SeqsTips
        return this.removeMessages(conversationID, seqs ?? [])
      }
      case ContentType.HasReadReceipt:
        return this.#onRead(tips as unknown as ReadTips)
      case ContentType.ClearConversationNotification: {
        const { conversationIDs } = tips as { conversationIDs?: string[] | null }
        for (const conversationID of conversationIDs ?? []) await this.clear(conversationID)
        return
      }
      case ContentType.BusinessNotification: {
        const { key = '', data = '' } = tips as { key?: string; data?: string }
        return events.emit('business', { key, data })
      }
      case ContentType.ConversationChangeNotification:
      case ContentType.ConversationPrivateChatNotification:
        return this.#once('conversations', async () => {
          const { rest } = this.#options
          const { version, versionID } = this.#position ?? { version: 0, versionID: '' }
          const request = { userID: selfID, version, versionID }
          const delta = await rest.call<ConversationsDelta>('/conversation/get_incremental_conversations', request)
          await this.#applyDelta(delta)
          this.#savePosition({ version: delta.version, versionID: delta.versionID })
          await Promise.all([...this.#options.windows.values()].map((window) => window.follow()))
        })
      case ContentType.UserInfoUpdatedNotification:
        return this.#once('self', () => contacts.syncSelf())
      case ContentType.BlackAddedNotification:
      case ContentType.BlackDeletedNotification:
        return this.#once('blocked', () => contacts.syncBlocked())
      case ContentType.FriendApplicationNotification:
      case ContentType.FriendApplicationRejectedNotification:
      case ContentType.JoinGroupApplicationNotification:
      case ContentType.GroupApplicationRejectedNotification:
        return this.#once('applications', () => contacts.syncApplications())
    }
    if (msg.contentType > 1200 && msg.contentType < 1300) {
      this.#once('applications', () => contacts.syncApplications())
      return this.#once('friends', async () => {
        await contacts.syncFriends()
        this.#showFriends()
      })
    }
    if (msg.contentType > 1500 && msg.contentType < 1600) return this.#onGroupNotice(msg.contentType, tips)
  }

  #onGroupNotice(contentType: number, tips: Readonly<Record<string, unknown>>): void {
    const { contacts, conversations } = this.#options
    const group = tips.group as Group | undefined
    if (group) {
      contacts.applyGroup(group)
      const row = conversations.get(`sg_${group.groupID}`)
      if (row) conversations.set({ ...row, name: group.groupName, faceURL: group.faceURL })
    }
    if (contentType === ContentType.GroupApplicationAcceptedNotification) {
      this.#once('applications', () => contacts.syncApplications())
    }
    if (MEMBERSHIP.has(contentType)) this.#once('groups', () => contacts.syncGroups())
  }

  /** The names and pictures of friends may have changed. */
  #showFriends(): void {
    const { contacts, conversations } = this.#options
    for (const { userID, nickname, faceURL } of contacts.friends.get()) {
      const { conversationID } = addressOf({ userID }, this.#options.selfID)
      const row = conversations.get(conversationID)
      if (row && (row.name !== nickname || row.faceURL !== faceURL)) {
        conversations.set({ ...row, name: nickname, faceURL })
      }
    }
    conversations.refresh()
  }

  async #onRevoke({ conversationID, seq, revokerUserID, revokeTime }: RevokeTips): Promise<void> {
    const { conversations, events, history, windows } = this.#options
    const revoke = (message: Message): Message => {
      const nickname = message.sendID === revokerUserID ? message.senderNickname : ''
      return { ...message, content: revokedContent(revokerUserID, nickname, revokeTime) }
    }
    await history.change(conversationID, seq, revoke)
    await windows.get(conversationID)?.change([seq], revoke)
    if (conversations.get(conversationID)) events.emit('revoked', { conversationID, seq, revokerID: revokerUserID })
  }

  /** Removes messages that are deleted for this user or for everybody. */
  async removeMessages(conversationID: string, seqs: readonly number[]): Promise<void> {
    const { conversations, windows } = this.#options
    for (const seq of seqs) conversations.dropMessages(conversationID, seq, seq)
    await windows.get(conversationID)?.change(seqs, () => undefined)
    const latest = conversations.get(conversationID)?.latestMessage
    if (latest && seqs.includes(latest.seq)) await this.#fetchDetails([conversationID])
  }

  /** Forgets all messages of a conversation up to now. */
  async clear(conversationID: string): Promise<void> {
    const { conversations, windows } = this.#options
    const row = conversations.get(conversationID)
    if (!row) return
    conversations.dropMessages(conversationID, 0, row.maxSeq)
    const { maxSeq } = row
    conversations.set({ ...row, minSeq: maxSeq + 1, hasReadSeq: maxSeq, latestMessage: undefined })
    await windows.get(conversationID)?.clear()
  }

  #onRead({ markAsReadUserID, conversationID, seqs, hasReadSeq }: ReadTips): void {
    const { conversations, windows, selfID } = this.#options
    const row = conversations.get(conversationID)
    if (!row) return
    const readSeq = Math.max(hasReadSeq, ...(seqs ?? []))
    if (markAsReadUserID === selfID) {
      if (readSeq > row.hasReadSeq) conversations.update(conversationID, { hasReadSeq: readSeq })
    } else if (readSeq > row.peerReadSeq) {
      conversations.update(conversationID, { peerReadSeq: readSeq })
      windows.get(conversationID)?.publish()
    }
  }

  #savePosition(change: Partial<Position>): void {
    this.#position = { ...(this.#position ?? { version: 0, versionID: '', noticeSeqs: {} }), ...change }
    this.#options.db.put({ table: 'state', key: 'position', value: this.#position })
  }

  /** Does a fetch that several notices ask for once; one that comes while it waits needs no second fetch. */
  #once(name: string, fetch: () => Promise<void>): void {
    if (this.#later.has(name)) return
    const work = this.#inOrder(() => {
      this.#later.delete(name)
      return fetch()
    })
    this.#later.set(name, work)
    // A failed fetch is repeated by the next sync: what breaks a call breaks the connection, too.
    work.catch((error) => {
      if (!(error instanceof ClientFailure)) throw error
    })
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => {})
    return done
  }
}

/** Notices after which the list of groups is another one. */
const MEMBERSHIP = new Set<number>([
  ContentType.GroupCreatedNotification,
  ContentType.MemberQuitNotification,
  ContentType.MemberKickedNotification,
  ContentType.MemberInvitedNotification,
  ContentType.MemberEnterNotification,
  ContentType.GroupDismissedNotification,
])

interface RevokeTips {
  conversationID: string
  seq: number
  revokerUserID: string
  revokeTime: number
}

interface SeqsTips {
  conversationID: string
  seqs: number[] | null
}

interface ReadTips {
  markAsReadUserID: string
  conversationID: string
  seqs: number[] | null
  hasReadSeq: number
}
