import { DurableObject } from 'cloudflare:workers'
import type { Bindings } from '../../env.ts'
import { UserCalls } from '../../platform/frequent-calls.ts'
import { messageID } from '../../platform/ids.ts'
import { type Outcome, outcomeOf, type Serves } from '../../platform/outcome.ts'
import { refreshOverrides } from '../../platform/overrides.ts'
import type {
  BegunSend,
  ConversationChange,
  ConversationRow,
  Delivery,
  Delta,
  LogView,
  MemberSettings,
  News,
  OnlineConnection,
  PulledLog,
  PullRange,
  PushQuestion,
  Reception,
  SeqView,
  SessionState,
  UserRpc,
} from '../../platform/rpc.ts'
import { JS_PING_TEXT, JS_PONG_TEXT } from '../../protocol/envelope/ping.ts'
import { comeBack } from './come-back.ts'
import { connect } from './connect.ts'
import { deleteConversations } from './delete-conversations.ts'
import { deliver, noteNews } from './deliver.ts'
import { forceLogout, openSession } from './log-in.ts'
import { takeOfflinePush } from './offline-push.ts'
import { announcePresence, onlineConnections, onlinePlatforms, presenceChanged, watchOnPlatform } from './presence.ts'
import { lastMessages, pullRanges } from './read-messages.ts'
import { receive } from './receive.ts'
import { destructMessages, nextSelfDestruct } from './self-destruct.ts'
import { setConversation, setExOfPeer, setGlobalRecvMsgOpt } from './settings.ts'
import { homesOf, newestSeqs, seqViews } from './sync.ts'
import { createUserCore, type UserCore } from './user-core.ts'
import { wasSent } from './was-sent.ts'
import { tellOffline } from './webhooks.ts'

const SWITCHING_PROTOCOLS = 101

/** One user: live sockets, sessions, conversations and what is known of their logs. A switchboard, no logic. */
export class UserObject extends DurableObject<Bindings> implements Serves<UserRpc> {
  readonly #user: UserCore

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    this.#user = createUserCore(state, env)
    // Heartbeats of the JS SDK are answered by the runtime: they never wake a hibernating object.
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(JS_PING_TEXT, JS_PONG_TEXT))
  }

  override async fetch(request: Request): Promise<Response> {
    const wasAway = !this.#user.devices.someOpen
    refreshOverrides(this.env, (work) => this.ctx.waitUntil(work))
    const response = connect(this.#user, request)
    if (response.status !== SWITCHING_PROTOCOLS) return response
    this.#beside(announcePresence(this.#user))
    if (wasAway) this.#beside(comeBack(this.#user))
    return response
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    refreshOverrides(this.env, (work) => this.ctx.waitUntil(work))
    return receive(this.#user, socket, frame)
  }

  override async alarm(): Promise<void> {
    await destructMessages(this.#user, this.#user.now())
    await this.#planSelfDestruct()
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // The runtime leaves the answer to a hibernating socket's goodbye to us: without one the client waits for it.
    this.#user.devices.answerClose(socket, code)
    await this.#gone(socket)
  }

  override async webSocketError(socket: WebSocket, error: unknown): Promise<void> {
    // The device is gone without a goodbye; it will come back and sync.
    this.#user.log.debug('a socket broke', { error: String(error) })
    await this.#gone(socket)
  }

  /** Opens a session for calls that come thick and fast. */
  beginCalls(): UserCalls {
    return new UserCalls(this)
  }

  openSession(session: { platformID: number; key: string; expiresAt: number }): Promise<Outcome<void>> {
    return outcomeOf(() => openSession(this.#user, session))
  }

  sessionState(platformID: number, key: string, begun?: BegunSend): Promise<Outcome<SessionState>> {
    return outcomeOf(() => {
      const now = this.#user.now()
      const state = this.#user.sessions.state(platformID, key, now)
      if (begun && state === 'normal') this.#user.sendNotes.begin(begun, now)
      return state
    })
  }

  forceLogout(platformID: number): Promise<Outcome<void>> {
    return outcomeOf(() => forceLogout(this.#user, platformID))
  }

  deliver(delivery: Delivery): Promise<Outcome<Reception>> {
    return outcomeOf(() => deliver(this.#user, delivery))
  }

  noteNews(news: News): Promise<Outcome<void>> {
    return outcomeOf(() => noteNews(this.#user, news, this.#user.userID))
  }

  conversations(conversationIDs: string[] | null): Promise<Outcome<ConversationRow[]>> {
    return outcomeOf(() => this.#user.conversations.list(conversationIDs))
  }

  conversationPage(
    pageNumber: number,
    showNumber: number,
  ): Promise<Outcome<{ total: number; rows: ConversationRow[] }>> {
    return outcomeOf(() => this.#user.conversations.page(pageNumber, showNumber))
  }

  conversationDelta(versionID: string, version: number): Promise<Outcome<{ delta: Delta; rows: ConversationRow[] }>> {
    return outcomeOf(() => this.#user.conversations.delta({ versionID, version }))
  }

  conversationVersion(): Promise<Outcome<{ versionID: string; version: number; conversationIDs: string[] }>> {
    return outcomeOf(() => ({ ...this.#user.conversations.version(), conversationIDs: this.#user.conversations.ids() }))
  }

  setConversation(change: ConversationChange): Promise<Outcome<boolean>> {
    return outcomeOf(async () => {
      const changed = await setConversation(this.#user, change)
      if (change.isMsgDestruct !== undefined || change.msgDestructTime !== undefined) await this.#planSelfDestruct()
      return changed
    })
  }

  deleteConversations(conversationIDs: string[]): Promise<Outcome<void>> {
    return outcomeOf(() => deleteConversations(this.#user, conversationIDs))
  }

  setExOfPeer(peerUserID: string, ex: string): Promise<Outcome<string[]>> {
    return outcomeOf(() => setExOfPeer(this.#user, peerUserID, ex))
  }

  setGlobalRecvMsgOpt(globalRecvMsgOpt: number): Promise<Outcome<void>> {
    return outcomeOf(() => setGlobalRecvMsgOpt(this.#user, globalRecvMsgOpt))
  }

  setAppBadge(appUnreadCount: number): Promise<Outcome<void>> {
    return outcomeOf(() => this.#user.bell.setBadge(appUnreadCount))
  }

  takeOfflinePush(question: PushQuestion): Promise<Outcome<number | null>> {
    return outcomeOf(() => takeOfflinePush(this.#user, question))
  }

  memberSettings(conversationID: string): Promise<Outcome<MemberSettings>> {
    return outcomeOf(() => {
      const [row] = this.#user.conversations.list([conversationID])
      return row ? { recvMsgOpt: row.recvMsgOpt } : {}
    })
  }

  logView(conversationID: string): Promise<Outcome<LogView | null>> {
    return outcomeOf(() => {
      const mark = this.#user.marks.find(conversationID)
      return mark ? { home: mark.home, minSeq: mark.minSeq, maxSeq: mark.capSeq } : null
    })
  }

  raiseReadSeq(conversationID: string, hasReadSeq: number): Promise<Outcome<void>> {
    return outcomeOf(() => this.#user.marks.raiseReadSeq(conversationID, hasReadSeq))
  }

  raiseMinSeq(conversationID: string, minSeq: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => {
      const moved = this.#user.marks.raiseMinSeq(conversationID, minSeq)
      if (moved) this.#user.conversations.touch(conversationID)
      return moved
    })
  }

  setMaxSeq(conversationID: string, maxSeq: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => {
      const moved = this.#user.marks.setBoundSeq(conversationID, maxSeq)
      if (moved) this.#user.conversations.touch(conversationID)
      return moved
    })
  }

  seqViews(conversationIDs: string[] | null): Promise<Outcome<SeqView[]>> {
    return outcomeOf(() => seqViews(this.#user, conversationIDs))
  }

  newestSeqs(): Promise<Outcome<Record<string, number>>> {
    return outcomeOf(() => newestSeqs(this.#user))
  }

  onlinePlatforms(): Promise<Outcome<number[]>> {
    return outcomeOf(() => {
      this.#hangUpSilent()
      return onlinePlatforms(this.#user)
    })
  }

  onlineConnections(): Promise<Outcome<OnlineConnection[]>> {
    return outcomeOf(() => {
      this.#hangUpSilent()
      return onlineConnections(this.#user)
    })
  }

  watchedBy(userID: string): Promise<Outcome<number[]>> {
    return outcomeOf(() => {
      this.#user.presence.addWatcher(userID)
      this.#hangUpSilent()
      return onlinePlatforms(this.#user)
    })
  }

  watch(platformID: number, subscribe: string[], unsubscribe: string[]): Promise<Outcome<string[]>> {
    return outcomeOf(() => watchOnPlatform(this.#user, platformID, subscribe, unsubscribe))
  }

  presenceChanged(userID: string, platformIDs: number[]): Promise<Outcome<boolean>> {
    return outcomeOf(() => presenceChanged(this.#user, userID, platformIDs))
  }

  pullRanges(ranges: PullRange[], order: number): Promise<Outcome<PulledLog[]>> {
    return outcomeOf(() => pullRanges(this.#user, ranges, order))
  }

  homes(): Promise<Outcome<string[]>> {
    return outcomeOf(() => homesOf(this.#user))
  }

  noteSent(operationID: string): Promise<Outcome<void>> {
    return outcomeOf(() => this.#user.sendNotes.add(operationID, this.#user.now()))
  }

  wasSent(operationID: string): Promise<Outcome<boolean>> {
    return outcomeOf(() => wasSent(this.#user, operationID))
  }

  lastMessages(conversationIDs: string[]): Promise<Outcome<{ conversationID: string; msg: Uint8Array }[]>> {
    return outcomeOf(() => lastMessages(this.#user, conversationIDs))
  }

  async #gone(socket: WebSocket): Promise<void> {
    this.#user.presence.forget(this.#user.devices.of(socket).connID)
    tellOffline(this.#user, socket, messageID())
    await announcePresence(this.#user)
  }

  /** Devices that vanished without a goodbye are noticed when somebody asks who is here: a timer would cost all day. */
  #hangUpSilent(): void {
    if (this.#user.devices.hangUpSilent(this.#user.now())) this.#beside(announcePresence(this.#user))
  }

  #beside(work: Promise<unknown> | null): void {
    if (work) this.ctx.waitUntil(work)
  }

  async #planSelfDestruct(): Promise<void> {
    const next = nextSelfDestruct(this.#user, this.#user.now())
    if (next === null) await this.ctx.storage.deleteAlarm()
    else await this.ctx.storage.setAlarm(next)
  }
}
