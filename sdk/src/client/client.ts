import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import type { WsResponse } from '../../../src/protocol/envelope/frame.ts'
import { MsgData, SubUserOnlineStatus, SubUserOnlineStatusTips } from '../../../src/protocol/proto/index.ts'
import { browserLifecycle } from './connection/lifecycle.ts'
import { type Link, type LinkState, SocketLink } from './connection/link.ts'
import { newID } from './connection/socket.ts'
import { TokenSource } from './connection/token.ts'
import { Contacts, groupFrom } from './contacts.ts'
import { Conversations } from './conversations.ts'
import { ClientFailure, failureFrom } from './errors.ts'
import { searchTextOf } from './messages/content.ts'
import { History } from './messages/history.ts'
import { type Address, addressOf } from './messages/target.ts'
import { ThreadWindow } from './messages/thread.ts'
import { Emitter, Value } from './observable.ts'
import { Outbox, type OutboxNote } from './outbox.ts'
import { Rest } from './rest.ts'
import { openIndexedDB } from './store/indexed-db.ts'
import { LazyStore } from './store/lazy.ts'
import { MemoryStore } from './store/memory.ts'
import { Rows } from './store/rows.ts'
import { Engine } from './sync/engine.ts'
import { canShareTabs, SharedLink } from './tabs/shared-link.ts'
import type {
  Client,
  ClientEvents,
  ClientOptions,
  ConnectionState,
  Conversation,
  Group,
  GroupMember,
  Message,
  Outgoing,
  Presence,
  Store,
  Target,
  Thread,
  User,
} from './types.ts'
import { type UploadOptions, upload } from './upload/upload.ts'

const WEB = 5
/** A typing notice is repeated after this time; receivers forget it after 6 s. */
const TYPING_MS = 4_000
/** A failed sync on a healthy connection is tried again after this time. */
const RESYNC_MS = 3_000
const SEARCH_PAGE = 500
const MAX_FOUND = 200

/** Makes a client for one login. Nothing is sent before `connect`; what the last visit left is shown at once. */
export function createClient(options: ClientOptions): Client {
  return new OpenIMClient(options)
}

/** A change that the server does not report to the other tabs. */
type Note = { outbox: OutboxNote } | { hidden: string }

/** A store is opened after the client exists: until then, reads wait. */
async function storeFor(options: ClientOptions): Promise<{ store: Store; isPersistent: boolean }> {
  const { store = 'indexedDB' in globalThis ? 'indexeddb' : 'memory' } = options
  if (typeof store === 'object') return { store, isPersistent: true }
  if (store === 'memory') return { store: new MemoryStore(), isPersistent: false }
  try {
    const opened = await openIndexedDB(`openim ${options.api} ${options.userID}`)
    return { store: opened, isPersistent: true }
  } catch {
    // Forbidden in private windows and sandboxed frames: `isStored` shows it to the app.
    return { store: new MemoryStore(), isPersistent: false }
  }
}

class OpenIMClient implements Client {
  readonly userID: string
  readonly api: string
  readonly connection: Value<ConnectionState>
  readonly #link: Link
  readonly #rest: Rest
  readonly #events = new Emitter<ClientEvents>()
  readonly #platformID: number
  readonly #windows = new Map<string, ThreadWindow>()
  readonly #threadCounts = new Map<string, number>()
  readonly #presence = new Map<string, Value<Presence | undefined>>()
  /** The users whose presence has listeners. */
  readonly #watched = new Set<string>()
  readonly #typingTimes = new Map<string, number>()
  readonly #lazy: LazyStore
  readonly #db: Rows
  readonly #contacts: Contacts
  readonly #conversations: Conversations
  readonly #history: History
  readonly #outbox: Outbox
  readonly #engine: Engine
  readonly #restored: Promise<void>
  #isSynced = false
  /** The number of the present connection: the sync of an older one must not report. */
  #connections = 0
  #firstSync: { promise: Promise<void>; resolve(): void; reject(error: unknown): void } | undefined

  constructor(options: ClientOptions) {
    const { userID, token, platformID = WEB } = options
    this.userID = userID
    this.api = options.api.replace(/\/+$/, '')
    this.#platformID = platformID
    const ws = options.ws ?? this.api.replace(/^http/, 'ws')
    const tokens = new TokenSource(token)
    const lifecycle = browserLifecycle()
    const own = new SocketLink({ ws, userID, platformID, tokens, lifecycle })
    // Tabs that cannot read each other's outbox would send it twice or not at all.
    const { shareTabs = typeof document === 'object', store } = options
    const isShared = shareTabs && store !== 'memory' && canShareTabs()
    const name = `openim ${this.api} ${userID}`
    this.#link = isShared ? new SharedLink({ name, lifecycle, own }) : own
    this.#rest = new Rest(this.api, this.#link)
    this.connection = new Value<ConnectionState>({ status: 'idle', isStored: false })
    this.#lazy = new LazyStore(storeFor({ ...options, api: this.api }))
    this.#db = new Rows(this.#lazy, true, () => this.#showConnection())
    this.#contacts = new Contacts(this.#rest, this.#db, userID)
    this.#conversations = new Conversations(this.#db, userID, {
      remarkOf: (peerID) => this.#contacts.remarkOf(peerID),
      pendingIn: (conversationID) => this.#outbox.pendingIn(conversationID),
    })
    this.#history = new History(this.#link, this.#db, this.#conversations, userID)
    this.#outbox = new Outbox({
      link: this.#link,
      db: this.#db,
      share: (outbox) => this.#link.note({ outbox } satisfies Note),
      selfID: userID,
      platformID,
      self: () => this.#contacts.self.get(),
      upload: (file, name, cause, { onProgress, signal }) => this.#upload(file, name, { cause, onProgress, signal }),
      onChange: (conversationID) => {
        this.#conversations.refresh()
        this.#windows.get(conversationID)?.publish()
      },
    })
    this.#engine = new Engine({
      link: this.#link,
      rest: this.#rest,
      db: this.#db,
      selfID: userID,
      conversations: this.#conversations,
      contacts: this.#contacts,
      history: this.#history,
      outbox: this.#outbox,
      windows: this.#windows,
      events: this.#events,
    })
    this.#link.onNote = (note) => this.#onNote(note as Note)
    this.#link.onPush = (push) => this.#onPush(push)
    this.#link.state.subscribe(() => this.#onLink(this.#link.state.get()))
    this.#restored = this.#restore()
  }

  get self() {
    return this.#contacts.self
  }

  get conversations() {
    return this.#conversations.list
  }

  get friends() {
    return this.#contacts.friends
  }

  get blockedUsers() {
    return this.#contacts.blockedUsers
  }

  get applications() {
    return this.#contacts.applications
  }

  get groups() {
    return this.#contacts.groups
  }

  async connect(): Promise<void> {
    if (!this.#firstSync) {
      let resolve = () => {}
      let reject = (_error: unknown) => {}
      const promise = new Promise<void>((onDone, onFailed) => {
        resolve = onDone
        reject = onFailed
      })
      // An app that does not wait sees the failure in `connection`.
      promise.catch(() => {})
      this.#firstSync = { promise, resolve, reject }
    }
    const { promise } = this.#firstSync
    await this.#restored
    if (this.#firstSync) this.#link.start()
    return promise
  }

  async disconnect(): Promise<void> {
    this.#outbox.deactivate()
    this.#link.stop()
    this.#firstSync?.reject(new ClientFailure('cancelled', 'the client was disconnected'))
    this.#firstSync = undefined
    await this.#db.flush()
  }

  async signOut(): Promise<void> {
    await this.disconnect()
    await this.#db.destroy()
  }

  on<K extends keyof ClientEvents>(event: K, listener: (value: ClientEvents[K]) => void): () => void {
    return this.#events.on(event, listener)
  }

  openThread(target: Target): Thread {
    const address = addressOf(target, this.userID)
    const { conversationID } = address
    this.#threadCounts.set(conversationID, (this.#threadCounts.get(conversationID) ?? 0) + 1)
    const window = this.#windows.get(conversationID) ?? this.#openWindow(address)
    let isClosed = false
    return {
      conversationID,
      state: window.state,
      loadOlder: () => window.loadOlder(),
      loadNewer: () => window.loadNewer(),
      jumpTo: (seq) => window.jumpTo(seq),
      jumpToLatest: () => window.jumpToLatest(),
      markRead: (seq = window.lastSeq) => this.#markRead(conversationID, seq),
      setTyping: (isTyping) => this.#setTyping(address, isTyping),
      setDraft: (text) => this.#conversations.setDraft(address, text),
      send: (content) => this.#send(address, content),
      close: () => {
        if (isClosed) return
        isClosed = true
        this.#closeThread(conversationID)
      },
    }
  }

  send(target: Target, content: Outgoing): Message {
    return this.#send(addressOf(target, this.userID), content)
  }

  retry(clientMsgID: string): void {
    this.#outbox.retry(clientMsgID)
  }

  cancel(clientMsgID: string): void {
    this.#outbox.cancel(clientMsgID)
  }

  async revoke(conversationID: string, seq: number): Promise<void> {
    await this.call('/msg/revoke_msg', { userID: this.userID, conversationID, seq })
  }

  async deleteMessages(conversationID: string, seqs: readonly number[], forEverybody = false): Promise<void> {
    const deleteSyncOpt = { IsSyncSelf: true, IsSyncOther: forEverybody }
    await this.call('/msg/delete_msgs', { userID: this.userID, conversationID, seqs, deleteSyncOpt })
    await this.#engine.removeMessages(conversationID, seqs)
  }

  async clearConversation(conversationID: string): Promise<void> {
    const deleteSyncOpt = { IsSyncSelf: true, IsSyncOther: false }
    const conversationIDs = [conversationID]
    await this.call('/msg/clear_conversation_msg', { userID: this.userID, conversationIDs, deleteSyncOpt })
    await this.#engine.clear(conversationID)
  }

  async hideConversation(conversationID: string): Promise<void> {
    const conversationIDs = [conversationID]
    await this.call('/conversation/delete_conversations', { ownerUserID: this.userID, conversationIDs })
    this.#conversations.delete(conversationID)
    this.#link.note({ hidden: conversationID } satisfies Note)
  }

  async setConversation(
    conversationID: string,
    change: Partial<Pick<Conversation, 'isPinned' | 'recvMsgOpt' | 'isPrivateChat' | 'burnDuration' | 'ex'>>,
  ): Promise<void> {
    const { conversationType, userID, groupID } = this.#conversations.addressOf(conversationID)
    const conversation = { conversationID, conversationType, userID, groupID, ...change }
    await this.call('/conversation/set_conversations', { userIDs: [this.userID], conversation })
    this.#conversations.update(conversationID, change)
  }

  getUsers(userIDs: readonly string[]): Promise<User[]> {
    return this.#contacts.users(userIDs)
  }

  async updateSelf(change: Partial<Pick<User, 'nickname' | 'faceURL' | 'ex'>>): Promise<void> {
    await this.call('/user/update_user_info_ex', { userInfo: { userID: this.userID, ...change } })
    await this.#contacts.syncSelf()
  }

  presence(userID: string): Value<Presence | undefined> {
    const known = this.#presence.get(userID)
    if (known) return known
    const presence = new Value<Presence | undefined>(undefined)
    presence.onCount = (listeners) => {
      if (listeners > 0 === this.#watched.has(userID)) return
      if (this.#watched.delete(userID)) {
        // Another tab may watch the same user over the same socket.
        if (!this.#link.isShared) void this.#subscribePresence({ subscribe: [], unsubscribe: [userID] })
        return
      }
      this.#watched.add(userID)
      void this.#subscribePresence({ subscribe: [userID], unsubscribe: [] })
    }
    this.#presence.set(userID, presence)
    return presence
  }

  async addFriend(userID: string, message = ''): Promise<void> {
    await this.call('/friend/add_friend', { fromUserID: this.userID, toUserID: userID, reqMsg: message, ex: '' })
  }

  async answerFriendRequest(fromUserID: string, isAccepted: boolean, message = ''): Promise<void> {
    const answer = { handleResult: isAccepted ? 1 : -1, handleMsg: message }
    await this.call('/friend/add_friend_response', { fromUserID, toUserID: this.userID, ...answer })
    await Promise.all([this.#contacts.syncApplications(), this.#contacts.syncFriends()])
  }

  async deleteFriend(userID: string): Promise<void> {
    await this.call('/friend/delete_friend', { ownerUserID: this.userID, friendUserID: userID })
    await this.#contacts.syncFriends()
    this.#conversations.refresh()
  }

  async setRemark(userID: string, remark: string): Promise<void> {
    await this.call('/friend/set_friend_remark', { ownerUserID: this.userID, friendUserID: userID, remark })
    await this.#contacts.syncFriends()
    this.#conversations.refresh()
  }

  async block(userID: string): Promise<void> {
    await this.call('/friend/add_black', { ownerUserID: this.userID, blackUserID: userID, ex: '' })
    await this.#contacts.syncBlocked()
  }

  async unblock(userID: string): Promise<void> {
    await this.call('/friend/remove_black', { ownerUserID: this.userID, blackUserID: userID })
    await this.#contacts.syncBlocked()
  }

  async createGroup(name: string, memberUserIDs: readonly string[]): Promise<Group> {
    const answer = await this.call<{ groupInfo: Group }>('/group/create_group', {
      ownerUserID: this.userID,
      memberUserIDs,
      adminUserIDs: [],
      groupInfo: { groupName: name, groupType: 2, creatorUserID: this.userID },
    })
    await this.#contacts.syncGroups()
    return groupFrom(answer.groupInfo)
  }

  async joinGroup(groupID: string, message = ''): Promise<void> {
    const request = { groupID, reqMessage: message, joinSource: 3, inviterUserID: this.userID, ex: '' }
    await this.call('/group/join_group', request)
    await this.#contacts.syncGroups()
  }

  async answerJoinRequest(groupID: string, fromUserID: string, isAccepted: boolean, message = ''): Promise<void> {
    const handleResult = isAccepted ? 1 : -1
    await this.call('/group/group_application_response', { groupID, fromUserID, handleMsg: message, handleResult })
    await this.#contacts.syncApplications()
  }

  async invite(groupID: string, userIDs: readonly string[]): Promise<void> {
    await this.call('/group/invite_user_to_group', { groupID, invitedUserIDs: userIDs, reason: '' })
  }

  async removeMembers(groupID: string, userIDs: readonly string[], reason = ''): Promise<void> {
    await this.call('/group/kick_group', { groupID, kickedUserIDs: userIDs, reason })
  }

  async leaveGroup(groupID: string): Promise<void> {
    await this.call('/group/quit_group', { groupID, userID: this.userID })
    await this.#contacts.syncGroups()
  }

  async dismissGroup(groupID: string): Promise<void> {
    await this.call('/group/dismiss_group', { groupID, deleteMember: false })
    await this.#contacts.syncGroups()
  }

  async updateGroup(
    groupID: string,
    change: Partial<Pick<Group, 'groupName' | 'faceURL' | 'introduction' | 'notification' | 'ex'>>,
  ): Promise<void> {
    await this.call('/group/set_group_info_ex', { groupID, ...change })
    await this.#contacts.syncGroups()
  }

  async setMemberRole(groupID: string, userID: string, roleLevel: number): Promise<void> {
    await this.call('/group/set_group_member_info', { members: [{ groupID, userID, roleLevel }] })
  }

  async muteMember(groupID: string, userID: string, seconds: number): Promise<void> {
    if (seconds > 0) await this.call('/group/mute_group_member', { groupID, userID, mutedSeconds: seconds })
    else await this.call('/group/cancel_mute_group_member', { groupID, userID })
  }

  async muteGroup(groupID: string, isMuted: boolean): Promise<void> {
    await this.call(isMuted ? '/group/mute_group' : '/group/cancel_mute_group', { groupID })
    await this.#contacts.syncGroups()
  }

  async transferOwner(groupID: string, userID: string): Promise<void> {
    await this.call('/group/transfer_group', { groupID, oldOwnerUserID: this.userID, newOwnerUserID: userID })
    await this.#contacts.syncGroups()
  }

  getMembers(groupID: string, page: { offset: number; count: number; keyword?: string }): Promise<GroupMember[]> {
    return this.#contacts.members(groupID, page)
  }

  upload(
    file: Blob,
    name: string,
    options: { onProgress?: (part: number) => void; signal?: AbortSignal } = {},
  ): Promise<{ url: string; size: number; type: string }> {
    return this.#upload(file, name, options)
  }

  async searchLocal(text: string, conversationID?: string): Promise<Message[]> {
    const wanted = text.toLocaleLowerCase()
    const found: Message[] = []
    const rows = conversationID === undefined ? [...this.#conversations.all()] : [{ conversationID }]
    for (const row of rows) {
      let to = Number.MAX_SAFE_INTEGER
      while (to > 0) {
        const bounds = [[row.conversationID, 0] as const, [row.conversationID, to] as const] as const
        const options = { limit: SEARCH_PAGE, isDescending: true }
        const page = await this.#db.range<Message>('messages', ...bounds, options)
        found.push(...page.filter(({ content }) => searchTextOf(content).toLocaleLowerCase().includes(wanted)))
        to = page.length < SEARCH_PAGE || found.length >= MAX_FOUND ? 0 : (page.at(-1)?.seq ?? 0) - 1
      }
    }
    return found.sort((a, b) => b.sendTime - a.sendTime).slice(0, MAX_FOUND)
  }

  call<T = unknown>(path: string, body: object): Promise<T> {
    return this.#rest.call<T>(path, body)
  }

  async #restore(): Promise<void> {
    await this.#lazy.opened
    this.#showConnection()
    await Promise.all([this.#contacts.restore(), this.#outbox.restore(), this.#engine.restore()])
    await this.#conversations.restore()
    for (const window of this.#windows.values()) void window.open()
  }

  #onLink(link: LinkState): void {
    if (link.status !== 'open') this.#isSynced = false
    this.#showConnection()
    if (link.status === 'open') void this.#sync(++this.#connections)
    if (link.status === 'kicked' || link.status === 'signed-out') {
      this.#firstSync?.reject(link.error)
      this.#firstSync = undefined
      if (link.status === 'kicked') this.#events.emit('kicked', { reason: link.error?.message ?? '' })
    }
  }

  async #sync(connection: number): Promise<void> {
    const isCurrent = () => connection === this.#connections && this.#link.state.get().status === 'open'
    while (isCurrent()) {
      try {
        await this.#engine.sync()
        break
      } catch (thrown) {
        const error = failureFrom(thrown, 'the sync')
        if (!isCurrent()) return
        this.#conversations.setLoaded({ isStale: true, error })
        await new Promise((resolve) => setTimeout(resolve, RESYNC_MS))
      }
    }
    if (!isCurrent()) return
    this.#isSynced = true
    this.#showConnection()
    this.#firstSync?.resolve()
    // A tab that leads since the last connection sends what the former leader left.
    if (this.#link.isShared) await this.#outbox.restore()
    this.#outbox.activate()
    void this.#subscribePresence({ subscribe: [...this.#watched], unsubscribe: [] })
  }

  #showConnection(): void {
    const { status, ...rest } = this.#link.state.get()
    const isStored = this.#lazy.isPersistent && this.#db.isPersistent
    const shown = status === 'open' ? (this.#isSynced ? 'connected' : 'syncing') : status
    this.connection.set({ status: shown, ...rest, isStored })
  }

  #onPush({ reqIdentifier, data }: WsResponse): void {
    if (reqIdentifier === WsRequestID.PushMsg) {
      // A push that cannot be applied leaves a hole: only a sync fills it.
      this.#engine.push(data, () => this.#link.state.get().status === 'open' && void this.#sync(++this.#connections))
    } else if (reqIdentifier === WsRequestID.SubUserOnlineStatus) this.#onPresence(data)
  }

  #onNote(note: Note): void {
    if ('outbox' in note) this.#outbox.onNote(note.outbox)
    else this.#conversations.delete(note.hidden)
  }

  #onPresence(data: Uint8Array): void {
    for (const { userID, onlinePlatformIDs } of SubUserOnlineStatusTips.decode(data).subscribers) {
      const platformIDs = [...new Set(onlinePlatformIDs)]
      this.#presence.get(userID)?.set({ isOnline: platformIDs.length > 0, platformIDs })
    }
  }

  async #subscribePresence(change: { subscribe: string[]; unsubscribe: string[] }): Promise<void> {
    if (change.subscribe.length + change.unsubscribe.length === 0) return
    if (this.#link.state.get().status !== 'open') return
    const { subscribe, unsubscribe } = change
    const request = SubUserOnlineStatus.encode({ subscribeUserID: subscribe, unsubscribeUserID: unsubscribe }).finish()
    try {
      this.#onPresence(await this.#link.request(WsRequestID.SubUserOnlineStatus, request))
    } catch (error) {
      // The next connection subscribes again.
      if (!(error instanceof ClientFailure)) throw error
    }
  }

  #openWindow(address: Address): ThreadWindow {
    const window = new ThreadWindow({
      address,
      selfID: this.userID,
      history: this.#history,
      conversations: this.#conversations,
      pending: () => this.#outbox.pendingIn(address.conversationID),
    })
    this.#windows.set(address.conversationID, window)
    void this.#restored.then(() => window.open())
    return window
  }

  #closeThread(conversationID: string): void {
    const count = (this.#threadCounts.get(conversationID) ?? 1) - 1
    this.#threadCounts.set(conversationID, count)
    if (count > 0) return
    this.#threadCounts.delete(conversationID)
    this.#windows.get(conversationID)?.close()
    this.#windows.delete(conversationID)
  }

  #send(address: Address, content: Outgoing): Message {
    const { isPrivateChat, burnDuration } = this.#conversations.ensure(address)
    return this.#outbox.add(address, content, { isPrivate: isPrivateChat, burnDuration })
  }

  async #markRead(conversationID: string, seq: number): Promise<void> {
    const row = this.#conversations.get(conversationID)
    const hasReadSeq = Math.min(seq, row?.maxSeq ?? 0)
    if (!row || hasReadSeq <= row.hasReadSeq) return
    const before = row.hasReadSeq
    this.#conversations.update(conversationID, { hasReadSeq, groupAtType: 0 })
    try {
      const peerSeqs = await this.#unreadOfPeer(conversationID, before + 1, hasReadSeq)
      const request = { userID: this.userID, conversationID, hasReadSeq, seqs: row.groupID === '' ? peerSeqs : [] }
      await this.call('/msg/mark_conversation_as_read', request)
      // OpenIM: the client resets the mention.
      if (row.groupAtType !== 0) await this.#resetMention(row)
    } catch (error) {
      const now = this.#conversations.get(conversationID)
      if (now?.hasReadSeq === hasReadSeq) this.#conversations.update(conversationID, { hasReadSeq: before })
      throw error
    }
  }

  /** Receipts of OpenIM's clients list the messages. */
  async #unreadOfPeer(conversationID: string, from: number, to: number): Promise<number[]> {
    const messages = await this.#history.stored(conversationID, [from, to])
    return messages.filter(({ sendID }) => sendID !== this.userID).map(({ seq }) => seq)
  }

  async #resetMention({ conversationID, conversationType, userID, groupID }: Address): Promise<void> {
    const conversation = { conversationID, conversationType, userID, groupID, groupAtType: 0 }
    await this.call('/conversation/set_conversations', { userIDs: [this.userID], conversation })
  }

  #setTyping(address: Address, isTyping: boolean): void {
    const { conversationID } = address
    const last = this.#typingTimes.get(conversationID) ?? 0
    if (isTyping ? Date.now() - last < TYPING_MS : last === 0) return
    this.#typingTimes.set(conversationID, isTyping ? Date.now() : 0)
    if (this.#link.state.get().status !== 'open') return
    const msg = MsgData.fromPartial({
      sendID: this.userID,
      recvID: address.userID,
      groupID: address.groupID,
      clientMsgID: newID(),
      senderPlatformID: this.#platformID,
      sessionType: address.conversationType,
      msgFrom: 100,
      contentType: 113,
      content: new TextEncoder().encode(JSON.stringify({ msgTips: isTyping ? 'yes' : 'no' })),
      createTime: Date.now(),
      status: 1,
      options: ONLINE_ONLY,
    })
    // A lost notice needs no repetition: the next one comes with the next key.
    this.#link.request(WsRequestID.SendMsg, MsgData.encode(msg).finish()).catch((error) => {
      if (!(error instanceof ClientFailure)) throw error
    })
  }

  #upload(file: Blob, name: string, options: UploadOptions) {
    return upload({ rest: this.#rest, userID: this.userID, db: this.#db }, file, name, options)
  }
}

const ONLINE_ONLY = {
  history: false,
  persistent: false,
  senderSync: false,
  conversationUpdate: false,
  senderConversationUpdate: false,
  unreadCount: false,
  offlinePush: false,
  notPrivate: false,
}
