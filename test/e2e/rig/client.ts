import { z } from 'zod'
import type { EventLog, SdkEvent } from './journal.ts'
import { type Server, sleep } from './server.ts'

/** The fields of a message that the tests read; both SDKs use these names. */
const SdkMessage = z.object({
  clientMsgID: z.string(),
  serverMsgID: z.string().default(''),
  sendID: z.string(),
  recvID: z.string().default(''),
  senderNickname: z.string().default(''),
  contentType: z.number(),
  sessionType: z.number(),
  seq: z.number(),
  sendTime: z.number(),
  status: z.number(),
  isRead: z.boolean().default(false),
  textElem: z.object({ content: z.string() }).nullish(),
})

export type Message = Omit<z.output<typeof SdkMessage>, 'textElem'> & {
  text: string
  /** The message as the SDK returned it, with all fields. */
  whole: Readonly<Record<string, unknown>>
}

const SdkConversation = z.object({
  conversationID: z.string(),
  conversationType: z.number(),
  userID: z.string(),
  showName: z.string(),
  unreadCount: z.number(),
  latestMsg: z.string(),
  isPinned: z.boolean(),
  recvMsgOpt: z.number(),
  isPrivateChat: z.boolean(),
  burnDuration: z.number(),
  isMsgDestruct: z.boolean(),
  msgDestructTime: z.number(),
  draftText: z.string(),
  ex: z.string(),
})

/** A conversation in the list of an app. The SDKs return its latest message as JSON in a string. */
export type Conversation = Omit<z.output<typeof SdkConversation>, 'latestMsg'> & {
  latestText: string
  latest: Message | null
}

export interface LoginOptions {
  server: Pick<Server, 'url' | 'wsUrl'>
  userID: string
  token: string
  platformID: number
}

/** One device of a user, run by an unmodified official SDK. */
export interface Client {
  readonly userID: string
  readonly events: EventLog
  /** The number of pending REST calls of the SDK, whose answers may cause callbacks later. */
  readonly pendingCalls: number
  /** Error lines of the SDK's log and uncaught exceptions. */
  readonly errors: readonly string[]
  waitFor: EventLog['waitFor']
  /** Calls any function of the SDK by its name, and rejects when the SDK does. */
  call(method: string, ...args: unknown[]): Promise<unknown>
  sendText(to: string, text: string): Promise<Message>
  /** All messages of the chat with that user, oldest first, as an app loads them page by page. */
  history(withUserID: string): Promise<Message[]>
  conversations(): Promise<Conversation[]>
  logout(): Promise<void>
  /** Ends the device at once and without a logout, like a phone that loses power. */
  close(): Promise<void>
}

const Whole = z.record(z.string(), z.unknown())

export function messageFrom(value: unknown): Message {
  const { textElem, ...message } = SdkMessage.parse(value)
  return { ...message, text: textElem?.content ?? '', whole: Whole.parse(value) }
}

const PAGE_SIZE = 20
const HistoryPage = z.object({ isEnd: z.boolean(), messageList: z.array(z.unknown()) })

/** Reads pages backwards from the newest message until the SDK reports the end. */
export async function readHistory(
  sdk: { call(method: string, ...args: unknown[]): Promise<unknown> },
  conversationID: string,
  count = PAGE_SIZE,
): Promise<Message[]> {
  const messages: Message[] = []
  for (;;) {
    const startClientMsgID = messages[0]?.clientMsgID ?? ''
    const query = { conversationID, startClientMsgID, count, viewType: 0 }
    const page = HistoryPage.parse(await sdk.call('getAdvancedHistoryMessageList', query))
    messages.unshift(...page.messageList.map(messageFrom))
    // An empty page without the end would be requested forever.
    if (page.isEnd || page.messageList.length === 0) return messages
  }
}

const SETTLE_TIMEOUT_MS = 30_000

/**
 * Waits until the history has `count` messages, each with a seq, and returns it. Until the push of an own message
 * arrives, the wasm SDK shows that message without a seq, and the JS SDK does not show it.
 */
export async function wholeHistory(client: Client, withUserID: string, count: number): Promise<Message[]> {
  return untilHistory(client, withUserID, (history) =>
    history.length === count && history.every(({ seq }) => seq > 0) ? history : undefined,
  )
}

/** Waits until the history has the message with a seq, which the SDKs need to revoke or delete it. */
export async function inHistory(client: Client, withUserID: string, clientMsgID: string): Promise<Message> {
  return untilHistory(client, withUserID, (history) =>
    history.find((message) => message.clientMsgID === clientMsgID && message.seq > 0),
  )
}

async function untilHistory<T>(
  client: Client,
  withUserID: string,
  answer: (history: Message[]) => T | undefined,
): Promise<T> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS
  for (;;) {
    const history = await client.history(withUserID)
    const found = answer(history)
    if (found !== undefined) return found
    if (Date.now() > deadline) {
      const seen = history.map(({ seq, contentType, text }) => `${seq}: ${contentType} ${text}`)
      throw new Error(`${client.userID}: the history is still\n${seen.join('\n')}`)
    }
    await sleep(50)
  }
}

export function conversationFrom(value: unknown): Conversation {
  const { latestMsg, ...conversation } = SdkConversation.parse(value)
  const latest = latestMsg === '' ? null : messageFrom(JSON.parse(latestMsg))
  return { ...conversation, latest, latestText: latest?.text ?? '' }
}

/** OpenIM's ID of the conversation of two users. */
export function chatIDOf(a: string, b: string): string {
  return `si_${[a, b].sort().join('_')}`
}

const MESSAGE_EVENT = /^onRecv(Offline)?NewMessages?$/i

/** The messages of an event: the SDKs report messages one by one or in batches. */
function messagesOf({ event, data }: SdkEvent): Message[] {
  if (!MESSAGE_EVENT.test(event)) return []
  return (Array.isArray(data) ? data : [data]).map(messageFrom)
}

/** Every message that the SDK reported to its app, in that order. */
export function receivedBy(client: Pick<Client, 'events'>): Message[] {
  return client.events.all.flatMap(messagesOf)
}

/** Waits until the SDK reports a message with that text to its app. */
export function received(client: Pick<Client, 'events'>, text: string, timeoutMs?: number): Promise<Message> {
  return client.events.until(
    `message "${text}"`,
    () => receivedBy(client).find((message) => message.text === text) ?? null,
    timeoutMs,
  )
}

/** Waits until the SDK reports the message with that ID to its app. */
export function reported(client: Pick<Client, 'events'>, clientMsgID: string, timeoutMs?: number): Promise<Message> {
  return client.events.until(
    `message ${clientMsgID}`,
    () => receivedBy(client).find((message) => message.clientMsgID === clientMsgID) ?? null,
    timeoutMs,
  )
}

/** Makes a message with one of the SDK's `create` functions and sends it without an upload. */
export async function send(client: Client, to: string, create: string, ...args: unknown[]): Promise<Message> {
  const message = await client.call(create, ...args)
  return messageFrom(await client.call('sendMessageNotOss', { recvID: to, groupID: '', message }))
}

/** The conversation with that user as an app opens it. The SDK creates it locally if the server has none. */
export async function conversationWith(client: Client, userID: string): Promise<Conversation> {
  return conversationFrom(await client.call('getOneConversation', { sourceID: userID, sessionType: 1 }))
}

/** The number on the app's icon. */
export async function totalUnread(client: Client): Promise<number> {
  return z.number().parse(await client.call('getTotalUnreadMsgCount'))
}
