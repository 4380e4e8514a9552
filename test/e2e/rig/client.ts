import { z } from 'zod'
import type { EventLog, SdkEvent } from './journal.ts'
import { type Server, sleep } from './server.ts'

/** What the journeys look at of a message; both SDKs use these names. */
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
  /** Everything the SDK says of it, its element included. */
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

/** A conversation of the list an app shows; the latest message is JSON inside a string on the SDK's side. */
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
  /** REST calls that are on their way; what they are answered, the app is told later. */
  readonly asking: number
  /** Error lines of the SDK's log, uncaught exceptions included. */
  readonly errors: readonly string[]
  waitFor: EventLog['waitFor']
  /** Any function of the SDK by its name; rejects as the SDK rejects. */
  call(method: string, ...args: unknown[]): Promise<unknown>
  sendText(to: string, text: string): Promise<Message>
  /** All messages of the chat with that user, oldest first, as an app gets them by scrolling up. */
  history(withUserID: string): Promise<Message[]>
  conversations(): Promise<Conversation[]>
  logout(): Promise<void>
  /** Ends the device at once, without a logout, as a phone that loses power. */
  close(): Promise<void>
}

const Whole = z.record(z.string(), z.unknown())

export function messageFrom(value: unknown): Message {
  const { textElem, ...message } = SdkMessage.parse(value)
  return { ...message, text: textElem?.content ?? '', whole: Whole.parse(value) }
}

const PAGE_SIZE = 20
const HistoryPage = z.object({ isEnd: z.boolean(), messageList: z.array(z.unknown()) })

/** Pages backwards from the newest message until the SDK says that it has shown the first one. */
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
    // An empty page that is not the end would be asked for for ever.
    if (page.isEnd || page.messageList.length === 0) return messages
  }
}

const SETTLE_TIMEOUT_MS = 30_000

/**
 * The history once it has so many messages, each with its place: of its own, the wasm SDK shows a message without a seq
 * until the echo is in, and the JS SDK none at all.
 */
export async function wholeHistory(client: Client, withUserID: string, count: number): Promise<Message[]> {
  return untilHistory(client, withUserID, (history) =>
    history.length === count && history.every(({ seq }) => seq > 0) ? history : undefined,
  )
}

/** The message as it stands in the history, once it has its place there: before that nothing can be done with it. */
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
      throw new Error(`${client.userID}: the history stays at\n${seen.join('\n')}`)
    }
    await sleep(50)
  }
}

export function conversationFrom(value: unknown): Conversation {
  const { latestMsg, ...conversation } = SdkConversation.parse(value)
  const latest = latestMsg === '' ? null : messageFrom(JSON.parse(latestMsg))
  return { ...conversation, latest, latestText: latest?.text ?? '' }
}

/** OpenIM's id of the chat of two users. */
export function chatIDOf(a: string, b: string): string {
  return `si_${[a, b].sort().join('_')}`
}

const MESSAGE_EVENT = /^onRecv(Offline)?NewMessages?$/i

/** The messages an event carries: the SDKs report them singly or in batches, as it suits them. */
function messagesOf({ event, data }: SdkEvent): Message[] {
  if (!MESSAGE_EVENT.test(event)) return []
  return (Array.isArray(data) ? data : [data]).map(messageFrom)
}

/** Every message the app was told about, in the order it was told. */
export function receivedBy(client: Pick<Client, 'events'>): Message[] {
  return client.events.all.flatMap(messagesOf)
}

/** The message with that text, once the app has been told about it. */
export function received(client: Pick<Client, 'events'>, text: string, timeoutMs?: number): Promise<Message> {
  return client.events.until(
    `message "${text}"`,
    () => receivedBy(client).find((message) => message.text === text) ?? null,
    timeoutMs,
  )
}

/** The message with that ID, once the app has been told about it. */
export function announced(client: Pick<Client, 'events'>, clientMsgID: string, timeoutMs?: number): Promise<Message> {
  return client.events.until(
    `message ${clientMsgID}`,
    () => receivedBy(client).find((message) => message.clientMsgID === clientMsgID) ?? null,
    timeoutMs,
  )
}

/** Makes a message with one of the SDK's `create` functions and sends it as it is, without an upload. */
export async function send(client: Client, to: string, create: string, ...args: unknown[]): Promise<Message> {
  const message = await client.call(create, ...args)
  return messageFrom(await client.call('sendMessageNotOss', { recvID: to, groupID: '', message }))
}

/** The conversation with that user as an app opens it; one that the server does not know is made up by the SDK. */
export async function conversationWith(client: Client, userID: string): Promise<Conversation> {
  return conversationFrom(await client.call('getOneConversation', { sourceID: userID, sessionType: 1 }))
}

/** The number on the app's icon. */
export async function totalUnread(client: Client): Promise<number> {
  return z.number().parse(await client.call('getTotalUnreadMsgCount'))
}
