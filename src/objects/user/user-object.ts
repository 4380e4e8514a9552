import { DurableObject } from 'cloudflare:workers'
import { refreshOverrides } from '../../config/overrides.ts'
import type { MemberSettings } from '../../contracts/conversation.ts'
import type { News } from '../../contracts/messages.ts'
import { type Outcome, outcomeOf, type Serves } from '../../contracts/outcome.ts'
import type {
  ConversationChange,
  ConversationRow,
  Delivery,
  DeliveryResult,
  Delta,
  LogView,
  OnlineConnection,
  PendingRestSend,
  PulledLog,
  PullRange,
  PushCheck,
  SeqView,
  SessionState,
  UserRpc,
} from '../../contracts/user.ts'
import type { Bindings } from '../../env.ts'
import { JS_PING_TEXT, JS_PONG_TEXT } from '../../protocol/envelope/ping.ts'
import { messageID } from '../../runtime/ids.ts'
import { UserSessionTarget } from '../../runtime/rpc/session-targets.ts'
import { destructMessages, nextSelfDestruct } from './conversations/self-destruct.ts'
import { setConversation, setExOfPeer, setGlobalRecvMsgOpt } from './conversations/settings.ts'
import { deleteConversations } from './messages/delete-conversations.ts'
import { deliver, markUnread } from './messages/deliver.ts'
import { lastMessages, pullRanges } from './messages/pull.ts'
import { reconnect } from './messages/reconnect.ts'
import { wasRestSendStored } from './messages/rest-send-status.ts'
import { homesOf, newestSeqs, seqViews } from './messages/sync.ts'
import {
  announcePresence,
  onlineConnections,
  onlinePlatforms,
  presenceChanged,
  subscribeOnPlatform,
} from './notify/presence.ts'
import { claimOfflinePush } from './notify/should-push.ts'
import { sendOfflineWebhook } from './notify/webhooks.ts'
import { connect } from './socket/connect.ts'
import { forceLogout, openSession } from './socket/login.ts'
import { receiveFrame } from './socket/receive-frame.ts'
import { createUserCore, type UserCore } from './user-core.ts'

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
    if (wasAway) this.#beside(reconnect(this.#user))
    return response
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    refreshOverrides(this.env, (work) => this.ctx.waitUntil(work))
    return receiveFrame(this.#user, socket, frame)
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
  openCallSession(): UserSessionTarget {
    return new UserSessionTarget(this)
  }

  openSession(session: { platformID: number; key: string; expiresAt: number }): Promise<Outcome<void>> {
    return outcomeOf(() => openSession(this.#user, session))
  }

  sessionState(platformID: number, key: string, begun?: PendingRestSend): Promise<Outcome<SessionState>> {
    return outcomeOf(() => {
      const now = this.#user.now()
      const state = this.#user.sessions.state(platformID, key, now)
      if (begun && state === 'normal') this.#user.sendStatus.begin(begun, now)
      return state
    })
  }

  forceLogout(platformID: number): Promise<Outcome<void>> {
    return outcomeOf(() => forceLogout(this.#user, platformID))
  }

  deliver(delivery: Delivery): Promise<Outcome<DeliveryResult>> {
    return outcomeOf(() => deliver(this.#user, delivery))
  }

  markUnread(news: News): Promise<Outcome<void>> {
    return outcomeOf(() => markUnread(this.#user, news, this.#user.userID))
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
    return outcomeOf(() => this.#user.pushState.setBadge(appUnreadCount))
  }

  claimOfflinePush(question: PushCheck): Promise<Outcome<number | null>> {
    return outcomeOf(() => claimOfflinePush(this.#user, question))
  }

  memberSettings(conversationID: string): Promise<Outcome<MemberSettings>> {
    return outcomeOf(() => {
      const [row] = this.#user.conversations.list([conversationID])
      return row ? { recvMsgOpt: row.recvMsgOpt } : {}
    })
  }

  logView(conversationID: string): Promise<Outcome<LogView | null>> {
    return outcomeOf(() => {
      const mark = this.#user.cursors.find(conversationID)
      return mark ? { home: mark.home, minSeq: mark.minSeq, maxSeq: mark.capSeq } : null
    })
  }

  raiseReadSeq(conversationID: string, hasReadSeq: number): Promise<Outcome<void>> {
    return outcomeOf(() => this.#user.cursors.raiseReadSeq(conversationID, hasReadSeq))
  }

  raiseMinSeq(conversationID: string, minSeq: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => {
      const moved = this.#user.cursors.raiseMinSeq(conversationID, minSeq)
      if (moved) this.#user.conversations.touch(conversationID)
      return moved
    })
  }

  setMaxSeq(conversationID: string, maxSeq: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => {
      const moved = this.#user.cursors.setBoundSeq(conversationID, maxSeq)
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

  addPresenceSubscriber(userID: string): Promise<Outcome<number[]>> {
    return outcomeOf(() => {
      this.#user.presence.addSubscriber(userID)
      this.#hangUpSilent()
      return onlinePlatforms(this.#user)
    })
  }

  subscribePresence(platformID: number, subscribe: string[], unsubscribe: string[]): Promise<Outcome<string[]>> {
    return outcomeOf(() => subscribeOnPlatform(this.#user, platformID, subscribe, unsubscribe))
  }

  presenceChanged(userID: string, platformIDs: number[]): Promise<Outcome<boolean>> {
    return outcomeOf(() => presenceChanged(this.#user, userID, platformIDs))
  }

  pullRanges(ranges: PullRange[], order: number): Promise<Outcome<PulledLog[]>> {
    return outcomeOf(() => pullRanges(this.#user, ranges, order))
  }

  conversationHomes(): Promise<Outcome<string[]>> {
    return outcomeOf(() => homesOf(this.#user))
  }

  recordRestSend(operationID: string): Promise<Outcome<void>> {
    return outcomeOf(() => this.#user.sendStatus.add(operationID, this.#user.now()))
  }

  wasRestSendStored(operationID: string): Promise<Outcome<boolean>> {
    return outcomeOf(() => wasRestSendStored(this.#user, operationID))
  }

  lastMessages(conversationIDs: string[]): Promise<Outcome<{ conversationID: string; msg: Uint8Array }[]>> {
    return outcomeOf(() => lastMessages(this.#user, conversationIDs))
  }

  async #gone(socket: WebSocket): Promise<void> {
    this.#user.presence.forget(this.#user.devices.of(socket).connID)
    sendOfflineWebhook(this.#user, socket, messageID())
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
