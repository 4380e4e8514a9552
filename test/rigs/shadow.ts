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
 * The check that pushes and fetches agree: a device that stayed online and applied every push must have the same state
 * as a device that logs in now and fetches everything.
 */

/** `friend-shadow.ts` and `group-shadow.ts` check the lists that these notifications change. */
const FRIEND_NOTICES = { first: ContentType.FriendApplicationApprovedNotification, last: 1299 }
const GROUP_NOTICES = { first: ContentType.GroupCreatedNotification, last: ContentType.GroupInfoSetNameNotification }

/** A message as a client shows it. */
interface Shown {
  contentType: number
  /** For a quote, only its own text. */
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

/** A device that keeps a client's state as OpenIM's SDKs do: fetched once, then changed by pushes. */
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

  /** Applies the pushes that have arrived, and returns the state. */
  async known(): Promise<Known> {
    const pushed = this.device.received()
    for (; this.#applied < pushed.length; this.#applied++) {
      const next = pushed[this.#applied]
      if (next) await this.#apply(next.conversationID, next.msg)
    }
    return this.#known
  }

  /** Syncs the conversation list, as a client does when it reconnects: some changes are not pushed. */
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
      // A user has read every message that the user sent.
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
      // A client reads the changes of its friend list, which holds no stranger.
      case ContentType.FriendInfoUpdatedNotification:
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
        if (isWithin(FRIEND_NOTICES, msg.contentType) || isWithin(GROUP_NOTICES, msg.contentType)) break
        throw new Error(`the shadow does not know notification ${msg.contentType}`)
    }
  }

  /** Pulls the messages before this one that are missing, for example those from before the user joined or returned. */
  async #pullGap(conversationID: string, seq: number): Promise<void> {
    const newest = this.#newest[conversationID] ?? 0
    if (seq > newest + 1) await this.#pull(conversationID, newest + 1, seq - 1)
    this.#newest[conversationID] = Math.max(newest, seq)
  }

  /** Drops the messages of a conversation. The Go core then marks them as read by itself. */
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

  /** Clients remove the text of a revoked message from the messages that quote it. */
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
      // These seqs are messages of the other user, which this user has read.
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

  /** A client drops the messages below the conversation's `minSeq`, and counts them as read. */
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

function isWithin({ first, last }: { first: number; last: number }, contentType: number): boolean {
  return contentType >= first && contentType <= last
}

function contentOf(msg: MsgData): Pick<Shown, 'content' | 'quotes'> {
  const content = new TextDecoder().decode(msg.content)
  if (msg.contentType !== ContentType.Quote) return { content, quotes: null }
  const { text, quoteMessage } = JSON.parse(content)
  const isRevoked = quoteMessage.contentType === ContentType.MsgRevokeNotification
  return { content: text, quotes: { clientMsgID: quoteMessage.clientMsgID, isRevoked } }
}

/** Waits until each online device has the same state as a device that logs in now; fails after a timeout. */
export async function expectSameAsFresh(...online: Shadow[]): Promise<void> {
  // Clients answer some notifications with requests, which change the state that is compared.
  for (const shadow of online) await shadow.known()
  for (const shadow of online) {
    const fresh = await (await Shadow.online(shadow.userID, FRESH_PLATFORM)).known()
    await until(
      async () => JSON.stringify(normalised(await shadow.known())) === JSON.stringify(normalised(fresh)),
    ).catch(async () => expect(normalised(await shadow.known())).toEqual(normalised(fresh)))
  }
}

/** No test logs in on this platform. */
const FRESH_PLATFORM = 7

/** The state without differences that a client does not show: the order of keys, and empty lists. */
function normalised(known: Known): unknown {
  const sorted = <T>(record: Record<string, T>) =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
  // A client does not show the data of a conversation that its user deleted from the conversation list.
  const shown = <T>(record: Record<string, T>, holds: (value: T) => boolean) =>
    sorted(Object.fromEntries(Object.entries(record).filter(([id, value]) => known.conversations[id] && holds(value))))
  return {
    self: known.self,
    conversations: sorted(known.conversations),
    messages: shown(known.messages, (messages) => Object.keys(messages).length > 0),
    hasRead: shown(known.hasRead, (seq) => seq > 0),
  }
}
