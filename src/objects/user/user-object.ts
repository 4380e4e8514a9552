import { DurableObject } from 'cloudflare:workers'
import { refreshOverrides } from '../../config/overrides.ts'
import type { MemberSettings } from '../../contracts/conversation.ts'
import type { LogUpdate } from '../../contracts/messages.ts'
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
import { UserSessionTarget } from '../../runtime/rpc/session-targets.ts'
import { raiseReadSeq } from './conversations/mentions.ts'
import { runSelfDestruct } from './conversations/self-destruct.ts'
import { logView, raiseMinSeq, setMaxSeq } from './conversations/seq-bounds.ts'
import { memberSettings, setConversation, setExOfPeer, setGlobalRecvMsgOpt } from './conversations/settings.ts'
import { deleteConversations } from './messages/delete-conversations.ts'
import { deliver, expectFrom, markUnread } from './messages/deliver.ts'
import { conversationDelta, conversationPage, listConversations, recentPeers } from './messages/list-conversations.ts'
import { lastMessages, pullRanges } from './messages/pull.ts'
import { chatHomes, newestSeqs, seqViews } from './messages/sync.ts'
import { wasRestSendStored } from './messages/was-rest-send-stored.ts'
import { onlineConnections, onlinePlatforms, presenceChanged } from './notify/presence.ts'
import { claimOfflinePush } from './notify/should-push.ts'
import { addPresenceSubscriber, subscribeOnPlatform } from './notify/subscribe-presence.ts'
import { connect } from './socket/connect.ts'
import { socketClosed, socketFailed } from './socket/disconnect.ts'
import { forceLogout, openSession, sessionState } from './socket/login.ts'
import { receiveFrame } from './socket/receive-frame.ts'
import { createUserCore, type UserCore } from './user-core.ts'

/**
 * One user: open sockets, sessions, the conversation list and the seq cursors. This class is a switchboard without
 * logic: it maps runtime events and RPC methods to functions that take the UserCore.
 */
export class UserObject extends DurableObject<Bindings> implements Serves<UserRpc> {
  readonly #user: UserCore

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    this.#user = createUserCore(state, env)
    // The runtime answers the JS SDK's pings, so that they never wake a hibernating object.
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(JS_PING_TEXT, JS_PONG_TEXT))
  }

  override async fetch(request: Request): Promise<Response> {
    this.#refreshOverrides()
    return connect(this.#user, request)
  }

  override webSocketMessage(socket: WebSocket, frame: string | ArrayBuffer): Promise<void> {
    this.#refreshOverrides()
    return receiveFrame(this.#user, socket, frame)
  }

  override alarm(): Promise<void> {
    return runSelfDestruct(this.#user)
  }

  override webSocketClose(socket: WebSocket, code: number): Promise<void> {
    return socketClosed(this.#user, socket, code)
  }

  override webSocketError(socket: WebSocket, error: unknown): Promise<void> {
    return socketFailed(this.#user, socket, error)
  }

  /** Opens an RPC session for a caller that makes frequent calls. */
  openCallSession(): UserSessionTarget {
    return new UserSessionTarget(this)
  }

  openSession(session: { platformID: number; key: string; expiresAt: number }): Promise<Outcome<void>> {
    return outcomeOf(() => openSession(this.#user, session))
  }

  sessionState(platformID: number, key: string, pendingSend?: PendingRestSend): Promise<Outcome<SessionState>> {
    return outcomeOf(() => sessionState(this.#user, platformID, key, pendingSend))
  }

  forceLogout(platformID: number): Promise<Outcome<void>> {
    return outcomeOf(() => forceLogout(this.#user, platformID))
  }

  deliver(delivery: Delivery): Promise<Outcome<DeliveryResult>> {
    return outcomeOf(() => deliver(this.#user, delivery))
  }

  markUnread(news: LogUpdate, firstSeq: number): Promise<Outcome<void>> {
    return outcomeOf(() => {
      markUnread(this.#user, news, this.#user.userID)
      expectFrom(this.#user, news.conversationID, firstSeq)
    })
  }

  conversations(conversationIDs: string[] | null): Promise<Outcome<ConversationRow[]>> {
    return outcomeOf(() => listConversations(this.#user, conversationIDs))
  }

  conversationPage(
    pageNumber: number,
    showNumber: number,
  ): Promise<Outcome<{ total: number; rows: ConversationRow[] }>> {
    return outcomeOf(() => conversationPage(this.#user, pageNumber, showNumber))
  }

  conversationDelta(versionID: string, version: number): Promise<Outcome<{ delta: Delta; rows: ConversationRow[] }>> {
    return outcomeOf(() => conversationDelta(this.#user, { versionID, version }))
  }

  conversationVersion(): Promise<Outcome<{ versionID: string; version: number; conversationIDs: string[] }>> {
    return outcomeOf(() => this.#user.conversations.versionWithIDs())
  }

  setConversation(change: ConversationChange): Promise<Outcome<boolean>> {
    return outcomeOf(() => setConversation(this.#user, change))
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

  claimOfflinePush(check: PushCheck): Promise<Outcome<number | null>> {
    return outcomeOf(() => claimOfflinePush(this.#user, check))
  }

  memberSettings(conversationID: string): Promise<Outcome<MemberSettings>> {
    return outcomeOf(() => memberSettings(this.#user, conversationID))
  }

  logView(conversationID: string): Promise<Outcome<LogView | null>> {
    return outcomeOf(() => logView(this.#user, conversationID))
  }

  raiseReadSeq(conversationID: string, hasReadSeq: number): Promise<Outcome<void>> {
    return outcomeOf(() => raiseReadSeq(this.#user, conversationID, hasReadSeq))
  }

  raiseMinSeq(conversationID: string, minSeq: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => raiseMinSeq(this.#user, conversationID, minSeq))
  }

  setMaxSeq(conversationID: string, maxSeq: number): Promise<Outcome<boolean>> {
    return outcomeOf(() => setMaxSeq(this.#user, conversationID, maxSeq))
  }

  seqViews(conversationIDs: string[] | null): Promise<Outcome<SeqView[]>> {
    return outcomeOf(() => seqViews(this.#user, conversationIDs))
  }

  newestSeqs(): Promise<Outcome<Record<string, number>>> {
    return outcomeOf(() => newestSeqs(this.#user))
  }

  onlinePlatforms(): Promise<Outcome<number[]>> {
    return outcomeOf(() => onlinePlatforms(this.#user))
  }

  onlineConnections(): Promise<Outcome<OnlineConnection[]>> {
    return outcomeOf(() => onlineConnections(this.#user))
  }

  addPresenceSubscriber(userID: string): Promise<Outcome<number[]>> {
    return outcomeOf(() => addPresenceSubscriber(this.#user, userID))
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

  recentPeers(limit: number): Promise<Outcome<string[]>> {
    return outcomeOf(() => recentPeers(this.#user, limit))
  }

  conversationHomes(): Promise<Outcome<string[]>> {
    return outcomeOf(() => chatHomes(this.#user))
  }

  recordRestSend(operationID: string): Promise<Outcome<void>> {
    return outcomeOf(() => this.#user.sendStatus.recordSent(operationID, this.#user.now()))
  }

  wasRestSendStored(operationID: string): Promise<Outcome<boolean>> {
    return outcomeOf(() => wasRestSendStored(this.#user, operationID))
  }

  lastMessages(conversationIDs: string[]): Promise<Outcome<{ conversationID: string; msg: Uint8Array }[]>> {
    return outcomeOf(() => lastMessages(this.#user, conversationIDs))
  }

  /** Reads the settings that were changed at run time again, in the background, when the copy is old. */
  #refreshOverrides(): void {
    refreshOverrides(this.env, (work) => this.ctx.waitUntil(work))
  }
}
