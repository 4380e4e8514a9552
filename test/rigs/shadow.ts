import { expect } from 'vitest'
import type { ConversationRow } from '../../src/contracts/user.ts'
import type { UserInfo } from '../../src/features/user/schema.ts'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { MessageStatus } from '../../src/protocol/constants/message-status.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { isNotificationConversation } from '../../src/protocol/conversation-id.ts'
import {
  GetConversationsHasReadAndMaxSeqReq,
  GetConversationsHasReadAndMaxSeqResp,
  type MsgData,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
} from '../../src/protocol/proto/index.ts'
import { Device, post, until, userToken } from './rig.ts'

/*
 * The one check that keeps pushes and fetches from drifting apart: a device that was online all along and applied what
 * it was sent must know the same as a device that logs in now and fetches everything.
 */

const GROUP_NOTICES = { first: ContentType.GroupCreatedNotification, last: ContentType.GroupInfoSetNameNotification }

/** What a client shows of a message. */
interface Shown {
  contentType: number
  /** Of a quote only what is its own. */
  content: string
  quotes: { clientMsgID: string; isRevoked: boolean } | null
  deleted: boolean
  isRead: boolean
}

interface Known {
  self: UserInfo | undefined
  conversations: Record<string, ConversationRow>
  messages: Record<string, Record<number, Shown>>
  hasRead: Record<string, number>
}

/** A device that keeps the state of a client: fetched once, then changed by what is pushed, as OpenIM's SDKs do it. */
export class Shadow {
  readonly userID: string
  readonly device: Device
  readonly token: string
  #known: Known = { self: undefined, conversations: {}, messages: {}, hasRead: {} }
  #version = { version: 0, versionID: '' }
  #applied = 0
  /** The newest seq that this device has, by conversation. */
  readonly #newest: Record<string, number> = {}

  constructor(userID: string, token: string, device: Device) {
    this.userID = userID
    this.token = token
    this.device = device
  }

  static async online(userID: string, platformID = 5): Promise<Shadow> {
    const token = await userToken(userID, platformID)
    const shadow = new Shadow(userID, token, await Device.connect(userID, { token, platformID }))
    await shadow.#fetchAll()
    return shadow
  }

  /** What this device knows once everything that was pushed is applied. */
  async known(): Promise<Known> {
    const pushed = this.device.received()
    for (; this.#applied < pushed.length; this.#applied++) {
      const next = pushed[this.#applied]
      if (next) await this.#apply(next.conversationID, next.msg)
    }
    return this.#known
  }

  /** What a client does when it comes back: some changes are told to nobody who is here. */
  async sync(): Promise<void> {
    await this.known()
    await this.#syncConversations()
  }

  async #fetchAll(): Promise<void> {
    await this.#fetchSelf()
    await this.#syncConversations()
    const seqs = await this.#seqs()
    for (const [conversationID, { maxSeq, hasReadSeq }] of Object.entries(seqs)) {
      this.#known.hasRead[conversationID] = Number(hasReadSeq)
      this.#newest[conversationID] = Number(maxSeq)
      await this.#pull(conversationID, 1, Number(maxSeq))
    }
  }

  async #apply(conversationID: string, msg: MsgData): Promise<void> {
    if (!isNotificationConversation(conversationID)) {
      if (msg.seq === 0) return
      await this.#syncConversations()
      await this.#pullGap(conversationID, msg.seq)
      this.#show(conversationID, msg)
      // What one sends one has read.
      if (msg.sendID === this.userID) this.#raiseRead(conversationID, msg.seq)
      return
    }
    const detail = JSON.parse(JSON.parse(new TextDecoder().decode(msg.content)).detail)
    switch (msg.contentType) {
      case ContentType.ConversationChangeNotification:
      case ContentType.ConversationPrivateChatNotification:
        await this.#syncConversations()
        break
      case ContentType.UserInfoUpdatedNotification:
        if (detail.userID === this.userID) await this.#fetchSelf()
        break
      case ContentType.BusinessNotification:
        break
      case ContentType.HasReadReceipt:
        this.#applyReceipt(detail)
        break
      case ContentType.MsgRevokeNotification:
        await this.#pull(detail.conversationID, detail.seq, detail.seq)
        this.#revokeQuotes(detail.conversationID, detail.clientMsgID)
        break
      case ContentType.DeleteMsgsNotification:
        for (const seq of detail.seqs) delete this.#known.messages[detail.conversationID]?.[seq]
        break
      case ContentType.ClearConversationNotification:
        for (const id of detail.conversationIDs) await this.#clear(id)
        break
      default:
        // What groups have to say of themselves and their members is `group-shadow.ts`'s.
        if (msg.contentType >= GROUP_NOTICES.first && msg.contentType <= GROUP_NOTICES.last) break
        throw new Error(`the shadow does not know notification ${msg.contentType}`)
    }
  }

  /** A message that is further on than the next one shows that others are missing: those of before one came, or came back. */
  async #pullGap(conversationID: string, seq: number): Promise<void> {
    const newest = this.#newest[conversationID] ?? 0
    if (seq > newest + 1) await this.#pull(conversationID, newest + 1, seq - 1)
    this.#newest[conversationID] = Math.max(newest, seq)
  }

  /** The Go core says of its own accord how far it has read what it forgets. */
  async #clear(conversationID: string): Promise<void> {
    this.#known.messages[conversationID] = {}
    const hasReadSeq = this.#newest[conversationID] ?? 0
    if (hasReadSeq === 0) return
    const body = { userID: this.userID, conversationID, hasReadSeq }
    await post('/msg/set_conversation_has_read_seq', body, this.token)
    this.#raiseRead(conversationID, hasReadSeq)
  }

  async #fetchSelf(): Promise<void> {
    const { data } = await post('/user/get_users_info', { userIDs: [this.userID] }, this.token)
    this.#known.self = data.usersInfo[0]
  }

  /** Clients take what a revoked message said out of what quotes it. */
  #revokeQuotes(conversationID: string, clientMsgID: string): void {
    for (const shown of Object.values(this.#known.messages[conversationID] ?? {})) {
      if (shown.quotes?.clientMsgID === clientMsgID) shown.quotes.isRevoked = true
    }
  }

  #applyReceipt(detail: {
    markAsReadUserID: string
    conversationID: string
    seqs: number[]
    hasReadSeq: number
  }): void {
    if (detail.markAsReadUserID === this.userID) {
      this.#raiseRead(detail.conversationID, detail.hasReadSeq)
      // The messages that this user has read are those of the other side.
      for (const seq of detail.seqs) this.#markRead(detail.conversationID, seq)
      return
    }
    for (const seq of detail.seqs) this.#markRead(detail.conversationID, seq)
  }

  #markRead(conversationID: string, seq: number): void {
    const shown = this.#known.messages[conversationID]?.[seq]
    if (shown) shown.isRead = true
  }

  #raiseRead(conversationID: string, seq: number): void {
    this.#known.hasRead[conversationID] = Math.max(seq, this.#known.hasRead[conversationID] ?? 0)
  }

  #show(conversationID: string, msg: MsgData): void {
    if (msg.status >= MessageStatus.Deleted) return
    if (msg.seq < (this.#known.conversations[conversationID]?.minSeq ?? 0)) return
    this.#known.messages[conversationID] ??= {}
    this.#known.messages[conversationID][msg.seq] = {
      contentType: msg.contentType,
      ...contentOf(msg),
      deleted: false,
      isRead: msg.isRead,
    }
  }

  async #syncConversations(): Promise<void> {
    const { data } = await post(
      '/conversation/get_incremental_conversations',
      { userID: this.userID, ...this.#version },
      this.token,
    )
    if (data.full) {
      const all = await post('/conversation/get_all_conversations', { ownerUserID: this.userID }, this.token)
      this.#known.conversations = Object.fromEntries(
        all.data.conversations.map((row: ConversationRow) => [row.conversationID, row]),
      )
    }
    for (const row of [...(data.insert ?? []), ...(data.update ?? [])]) this.#setConversation(row)
    for (const id of data.delete ?? []) delete this.#known.conversations[id]
    this.#version = { version: data.version, versionID: data.versionID }
  }

  /** A client drops what lies below the bound it is told, and counts it as read. */
  #setConversation(row: ConversationRow): void {
    this.#known.conversations[row.conversationID] = row
    const messages = this.#known.messages[row.conversationID] ?? {}
    for (const seq of Object.keys(messages).map(Number)) if (seq < row.minSeq) delete messages[seq]
    if (row.minSeq > 0) this.#raiseRead(row.conversationID, row.minSeq - 1)
  }

  async #seqs() {
    const { data } = await this.device.request(
      WsRequestID.GetConvMaxReadSeq,
      GetConversationsHasReadAndMaxSeqReq.encode({
        userID: this.userID,
        conversationIDs: [],
        returnPinned: false,
      }).finish(),
    )
    return GetConversationsHasReadAndMaxSeqResp.decode(data).seqs
  }

  async #pull(conversationID: string, begin: number, end: number): Promise<void> {
    const { data } = await this.device.request(
      WsRequestID.PullMsgByRange,
      PullMessageBySeqsReq.encode({
        userID: this.userID,
        seqRanges: [{ conversationID, begin, end, num: end - begin + 1 }],
        order: 0,
      }).finish(),
    )
    for (const msg of PullMessageBySeqsResp.decode(data).msgs[conversationID]?.Msgs ?? []) {
      this.#show(conversationID, msg)
    }
  }
}

function contentOf(msg: MsgData): Pick<Shown, 'content' | 'quotes'> {
  const content = new TextDecoder().decode(msg.content)
  if (msg.contentType !== ContentType.Quote) return { content, quotes: null }
  const { text, quoteMessage } = JSON.parse(content)
  const isRevoked = quoteMessage.contentType === ContentType.MsgRevokeNotification
  return { content: text, quotes: { clientMsgID: quoteMessage.clientMsgID, isRevoked } }
}

/** Waits until the online devices have settled, then compares each with a device that logs in afresh. */
export async function expectSameAsFresh(...online: Shadow[]): Promise<void> {
  // What a client does about what it hears belongs to the state that is compared.
  for (const shadow of online) await shadow.known()
  for (const shadow of online) {
    const fresh = await (await Shadow.online(shadow.userID, FRESH_PLATFORM)).known()
    await until(
      async () => JSON.stringify(normalised(await shadow.known())) === JSON.stringify(normalised(fresh)),
    ).catch(async () => expect(normalised(await shadow.known())).toEqual(normalised(fresh)))
  }
}

/** A platform that no test logs in on otherwise. */
const FRESH_PLATFORM = 7

/** Order of keys and empty lists make no difference to a client. */
function normalised(known: Known): unknown {
  const sorted = <T>(record: Record<string, T>) =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
  // What is known of a conversation that was taken off the list shows nowhere.
  const shown = <T>(record: Record<string, T>, holds: (value: T) => boolean) =>
    sorted(Object.fromEntries(Object.entries(record).filter(([id, value]) => known.conversations[id] && holds(value))))
  return {
    self: known.self,
    conversations: sorted(known.conversations),
    messages: shown(known.messages, (messages) => Object.keys(messages).length > 0),
    hasRead: shown(known.hasRead, (seq) => seq > 0),
  }
}
