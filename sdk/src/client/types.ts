/** The public types of `openim-edge/client`. Times are milliseconds since 1970, unless a name says otherwise. */

/** A value that can be read at once and watched. Snapshots are immutable: a changed value is a new object. */
export interface Observable<T> {
  get(): T
  /** Calls `listener` after each change. Returns the function that ends it. */
  subscribe(listener: () => void): () => void
}

export interface ClientOptions {
  /** Address of the REST API, such as `https://im.example.com`. */
  api: string
  /** Address of the WebSocket; by default the one of `api`. */
  ws?: string
  userID: string
  /** A token, or a function that gets one from the app's backend. Only with a function can an expired token be renewed. */
  token: string | (() => Promise<string>)
  /** OpenIM's number of the platform; 5 (web) by default. */
  platformID?: number
  /** Where conversations, messages, drafts and unsent messages are kept; by default IndexedDB where there is one. */
  store?: Store | 'indexeddb' | 'memory'
  /** Whether the tabs of a browser share one socket; true by default where Web Locks exist. */
  shareTabs?: boolean
}

export type ConnectionStatus =
  | 'idle'
  | 'connecting'
  /** Connected; what happened meanwhile is being fetched. */
  | 'syncing'
  | 'connected'
  /** The connection broke; the next attempt is at `retryTime`. */
  | 'reconnecting'
  /** The device says that it has no network. */
  | 'offline'
  /** Another login displaced this one, or an administrator ended it. */
  | 'kicked'
  /** The token was refused, and no other one could be had. */
  | 'signed-out'

export interface ConnectionState {
  status: ConnectionStatus
  retryTime?: number
  /** Why the last attempt failed. */
  error?: ClientError
  /** False if nothing survives a reload, for example in a private window. */
  isStored: boolean
}

/** An error of the server (its errCode) or of the way to it (errCode 0). */
export interface ClientError extends Error {
  readonly reason: 'server' | 'network' | 'timeout' | 'token' | 'too-large' | 'quota' | 'cancelled' | 'invalid'
  /** OpenIM's code; 0 if the server gave no answer. */
  readonly errCode: number
  /** Whether the same call can succeed later. */
  readonly isRetryable: boolean
}

export interface User {
  userID: string
  nickname: string
  faceURL: string
  ex: string
}

export interface Conversation {
  conversationID: string
  /** 1 one-to-one, 3 group, 4 notification. */
  conversationType: number
  /** The other user of a one-to-one conversation, else "". */
  userID: string
  groupID: string
  /** Remark, nickname or group name. */
  showName: string
  faceURL: string
  latestMessage: Message | undefined
  /** Time of the latest message or draft: what the list is sorted by. */
  latestTime: number
  unreadCount: number
  maxSeq: number
  hasReadSeq: number
  /** 0 none, 1 mentioned, 2 all, 3 all and me, 4 announcement. */
  groupAtType: number
  /** 0 notify, 1 do not receive, 2 receive without notification. */
  recvMsgOpt: number
  isPinned: boolean
  isPrivateChat: boolean
  burnDuration: number
  isMsgDestruct: boolean
  msgDestructTime: number
  draft: string
  /** Number of messages that could not be sent. */
  failedCount: number
  ex: string
}

export interface ConversationList {
  /** Pinned ones first, then by `latestTime`, the newest first. */
  conversations: readonly Conversation[]
  /** False until the store or the server has answered: an empty list before that means nothing. */
  isLoaded: boolean
  /** From the local store; the server has not confirmed it yet. */
  isStale: boolean
  totalUnread: number
  error?: ClientError
}

export type MessageStatus = 'sending' | 'sent' | 'failed'

export interface Message {
  /** Made by the sender; stays the same from the first display on. */
  clientMsgID: string
  serverMsgID: string
  conversationID: string
  /** Position in the conversation; 0 until the server has it. */
  seq: number
  sendID: string
  recvID: string
  groupID: string
  senderNickname: string
  senderFaceURL: string
  sendTime: number
  content: Content
  status: MessageStatus
  /** Why it could not be sent. */
  error?: ClientError
  /** Upload of its file, 0 to 1, while it runs. */
  progress?: number
  /** One-to-one: the receiver has read it. */
  isRead: boolean
  ex: string
}

export interface Picture {
  uuid: string
  type: string
  size: number
  width: number
  height: number
  url: string
}

export interface Mention {
  userID: string
  groupNickname: string
}

/** The content of a message. `contentType` is OpenIM's number; `kind` names it. */
export type Content =
  | { kind: 'text'; contentType: 101 | 117; text: string }
  | { kind: 'picture'; contentType: 102; source: Picture; big: Picture; snapshot: Picture; sourcePath: string }
  | { kind: 'voice'; contentType: 103; url: string; seconds: number; size: number; type: string; uuid: string }
  | {
      kind: 'video'
      contentType: 104
      url: string
      seconds: number
      size: number
      type: string
      snapshotURL: string
      width: number
      height: number
      uuid: string
    }
  | { kind: 'file'; contentType: 105; url: string; name: string; size: number; type: string; uuid: string }
  | {
      kind: 'mention'
      contentType: 106
      text: string
      mentions: readonly Mention[]
      /** The user IDs in the text, "AtAllTag" for all. */
      atUserIDs: readonly string[]
      isAtSelf: boolean
      quoted: QuotedMessage | undefined
    }
  | { kind: 'merged'; contentType: 107; title: string; summaries: readonly string[]; messages: readonly Message[] }
  | { kind: 'card'; contentType: 108; user: User }
  | { kind: 'location'; contentType: 109; description: string; longitude: number; latitude: number }
  | { kind: 'custom'; contentType: 110 | 119 | 120; data: string; description: string; extension: string }
  | { kind: 'quote'; contentType: 114; text: string; quoted: QuotedMessage }
  | { kind: 'face'; contentType: 115; index: number; data: string }
  | { kind: 'markdown'; contentType: 118; text: string }
  | { kind: 'revoked'; contentType: 2101; revokerID: string; revokerNickname: string; revokeTime: number }
  /** Something that happened: "Ann joined". `detail` is the notice as OpenIM defines it for the content type. */
  | { kind: 'notice'; contentType: number; detail: Readonly<Record<string, unknown>> }
  | { kind: 'unknown'; contentType: number; raw: string }

/** The message that a quote points to, as it was when it was quoted. */
export interface QuotedMessage {
  clientMsgID: string
  seq: number
  sendID: string
  senderNickname: string
  content: Content
}

/** The contents that can be sent. Files are uploaded first; the message shows at once with `progress`. */
export type Outgoing =
  | { kind: 'text'; text: string }
  | { kind: 'mention'; text: string; mentions: readonly Mention[]; isAtAll?: boolean; quoted?: Message }
  | { kind: 'quote'; text: string; quoted: Message }
  | { kind: 'picture'; file: Blob; name?: string; width?: number; height?: number }
  | { kind: 'voice'; file: Blob; seconds: number }
  | { kind: 'video'; file: Blob; name?: string; seconds: number; snapshot?: Blob; width?: number; height?: number }
  | { kind: 'file'; file: Blob; name: string }
  | { kind: 'merged'; title: string; summaries: readonly string[]; messages: readonly Message[] }
  | { kind: 'card'; user: User }
  | { kind: 'location'; description: string; longitude: number; latitude: number }
  | { kind: 'custom'; data: string; description?: string; extension?: string }
  | { kind: 'face'; index: number; data: string }
  | { kind: 'markdown'; text: string }

export type Target = { conversationID: string } | { userID: string } | { groupID: string }

export interface Thread {
  readonly conversationID: string
  readonly state: Observable<ThreadState>
  /** Loads the page before the first loaded message. At most one load runs at a time. */
  loadOlder(): Promise<void>
  /** Loads the page after the last loaded message; only after a jump into the history. */
  loadNewer(): Promise<void>
  /** Shows the part of the history around a message. */
  jumpTo(seq: number): Promise<void>
  jumpToLatest(): Promise<void>
  /** Marks everything up to `seq` as read; by default everything that is loaded. */
  markRead(seq?: number): Promise<void>
  /** Reports that the user is typing, or has stopped. Calls may be frequent: notices are throttled. */
  setTyping(isTyping: boolean): void
  setDraft(text: string): void
  send(content: Outgoing): Message
  /** Ends the use of this thread. Threads of one conversation are shared and counted. */
  close(): void
}

export interface ThreadState {
  /** By seq, then those not yet confirmed by the time of their creation. */
  messages: readonly Message[]
  isLoaded: boolean
  hasOlder: boolean
  /** True after a jump into the history, until the newest message is reached. */
  hasNewer: boolean
  isLoadingOlder: boolean
  isLoadingNewer: boolean
  error?: ClientError
  /** The read position when the thread was opened; messages after it are shown as new. */
  openedAtSeq: number
  /** One-to-one: the seq up to which the other user has read. */
  peerReadSeq: number
  /** The users who are typing now. */
  typingUserIDs: readonly string[]
}

export interface Group {
  groupID: string
  groupName: string
  faceURL: string
  introduction: string
  notification: string
  ownerUserID: string
  memberCount: number
  /** 0 normal, 1 banned, 2 dismissed, 3 muted. */
  status: number
  needVerification: number
  lookMemberInfo: number
  applyMemberFriend: number
  ex: string
}

export interface GroupMember extends User {
  groupID: string
  /** 20 member, 60 administrator, 100 owner. */
  roleLevel: number
  /** Muted until this time; 0 if not. */
  muteEndTime: number
  joinTime: number
}

export interface Friend extends User {
  remark: string
  isPinned: boolean
  createTime: number
}

/** A friend request or a join request. */
export interface Application {
  /** The user who asks. */
  from: User
  /** The user or the group that was asked. */
  toUserID: string
  group: Group | undefined
  message: string
  /** 0 open, 1 accepted, -1 refused. */
  handleResult: number
  handleMessage: string
  createTime: number
}

export interface Presence {
  isOnline: boolean
  platformIDs: readonly number[]
}

export interface ClientEvents {
  /** A message that came while the client was connected or during its sync; not the own ones of this device. */
  message: Message
  /** A message was revoked. */
  revoked: { conversationID: string; seq: number; revokerID: string }
  /** Custom business notification (2001 in OpenIM's list): `key` and `data` as the backend sent them. */
  business: { key: string; data: string }
  kicked: { reason: string }
}

export interface Client {
  readonly userID: string
  readonly api: string
  readonly connection: Observable<ConnectionState>
  readonly self: Observable<User | undefined>
  readonly conversations: Observable<ConversationList>
  readonly friends: Observable<readonly Friend[]>
  readonly blockedUsers: Observable<readonly User[]>
  /** Friend requests and join requests that wait for this user's answer. */
  readonly applications: Observable<readonly Application[]>
  readonly groups: Observable<readonly Group[]>
  /** Connects; resolves when the first sync has ended. Rejects only if it cannot ever succeed (kicked, token refused). */
  connect(): Promise<void>
  /** Closes the connection. Local data stays; `connect` may follow. */
  disconnect(): Promise<void>
  /** Closes the connection and deletes the local data of this user. */
  signOut(): Promise<void>
  on<K extends keyof ClientEvents>(event: K, listener: (value: ClientEvents[K]) => void): () => void
  openThread(target: Target): Thread
  /** Shows the message at once as `sending`; the outbox sends it, after a reload too. */
  send(target: Target, content: Outgoing): Message
  /** Sends a failed message again under the same clientMsgID. */
  retry(clientMsgID: string): void
  /** Removes a message that is not sent, and ends its upload. */
  cancel(clientMsgID: string): void
  revoke(conversationID: string, seq: number): Promise<void>
  /** Deletes messages for this user, or for everybody where the server allows it. */
  deleteMessages(conversationID: string, seqs: readonly number[], forEverybody?: boolean): Promise<void>
  clearConversation(conversationID: string): Promise<void>
  /** Removes the conversation from the list; a new message adds it again. */
  hideConversation(conversationID: string): Promise<void>
  setConversation(
    conversationID: string,
    change: Partial<Pick<Conversation, 'isPinned' | 'recvMsgOpt' | 'isPrivateChat' | 'burnDuration' | 'ex'>>,
  ): Promise<void>
  getUsers(userIDs: readonly string[]): Promise<User[]>
  updateSelf(change: Partial<Pick<User, 'nickname' | 'faceURL' | 'ex'>>): Promise<void>
  /** Presence of a user; the subscription ends with the last listener. */
  presence(userID: string): Observable<Presence | undefined>
  addFriend(userID: string, message?: string): Promise<void>
  answerFriendRequest(fromUserID: string, isAccepted: boolean, message?: string): Promise<void>
  deleteFriend(userID: string): Promise<void>
  setRemark(userID: string, remark: string): Promise<void>
  block(userID: string): Promise<void>
  unblock(userID: string): Promise<void>
  createGroup(name: string, memberUserIDs: readonly string[]): Promise<Group>
  joinGroup(groupID: string, message?: string): Promise<void>
  answerJoinRequest(groupID: string, fromUserID: string, isAccepted: boolean, message?: string): Promise<void>
  invite(groupID: string, userIDs: readonly string[]): Promise<void>
  removeMembers(groupID: string, userIDs: readonly string[], reason?: string): Promise<void>
  leaveGroup(groupID: string): Promise<void>
  dismissGroup(groupID: string): Promise<void>
  updateGroup(
    groupID: string,
    change: Partial<Pick<Group, 'groupName' | 'faceURL' | 'introduction' | 'notification' | 'ex'>>,
  ): Promise<void>
  setMemberRole(groupID: string, userID: string, roleLevel: number): Promise<void>
  muteMember(groupID: string, userID: string, seconds: number): Promise<void>
  muteGroup(groupID: string, isMuted: boolean): Promise<void>
  transferOwner(groupID: string, userID: string): Promise<void>
  /** Members by role and join time, page by page, from the server. */
  getMembers(groupID: string, page: { offset: number; count: number; keyword?: string }): Promise<GroupMember[]>
  upload(
    file: Blob,
    name: string,
    options?: { onProgress?: (part: number) => void; signal?: AbortSignal },
  ): Promise<{ url: string; size: number; type: string }>
  /** Searches the locally stored text of messages. */
  searchLocal(text: string, conversationID?: string): Promise<Message[]>
  /** Any REST call of the server with this user's token, such as `call('/user/get_users_info', {userIDs})`. */
  call<T = unknown>(path: string, body: object): Promise<T>
}

/** Which rows of a range: the first `limit`, or the last ones from the end. */
export interface RangeOptions {
  limit?: number
  isDescending?: boolean
}

/** Rows that must outlive the tab, by table and key. One store belongs to one user of one server. */
export interface Store {
  get<T>(table: StoreTable, key: StoreKey): Promise<T | undefined>
  /** Rows with `from` ≤ key ≤ `to`, ascending, or descending from the end. */
  range<T>(table: StoreTable, from: StoreKey, to: StoreKey, options?: RangeOptions): Promise<T[]>
  /** All changes or none. */
  write(changes: readonly StoreChange[]): Promise<void>
  close(): Promise<void>
  /** Deletes everything. */
  destroy(): Promise<void>
}

export type StoreTable = 'state' | 'conversations' | 'messages' | 'outbox' | 'drafts'
export type StoreKey = string | readonly [string, number]
export type StoreChange =
  | { table: StoreTable; key: StoreKey; value: unknown }
  | { table: StoreTable; key: StoreKey; value?: undefined; isDeletion: true }
  | { table: StoreTable; from: StoreKey; to: StoreKey; isDeletion: true }
