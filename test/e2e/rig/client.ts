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
  textElem: z.object({ content: z.string() }).nullish(),
})

export type Message = Omit<z.output<typeof SdkMessage>, 'textElem'> & { text: string }

const SdkConversation = z.object({
  conversationID: z.string(),
  conversationType: z.number(),
  userID: z.string(),
  showName: z.string(),
  unreadCount: z.number(),
  latestMsg: z.string(),
})

/** A conversation of the list an app shows; the latest message is JSON inside a string on the SDK's side. */
export type Conversation = Omit<z.output<typeof SdkConversation>, 'latestMsg'> & { latestText: string }

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
  /** Error lines of the SDK's log, uncaught exceptions included. */
  readonly errors: readonly string[]
  waitFor: EventLog['waitFor']
  sendText(to: string, text: string): Promise<Message>
  /** All messages of the chat with that user, oldest first, as an app gets them by scrolling up. */
  history(withUserID: string): Promise<Message[]>
  conversations(): Promise<Conversation[]>
  logout(): Promise<void>
  /** Ends the device at once, without a logout, as a phone that loses power. */
  close(): Promise<void>
}

export function messageFrom(value: unknown): Message {
  const { textElem, ...message } = SdkMessage.parse(value)
  return { ...message, text: textElem?.content ?? '' }
}

const PAGE_SIZE = 20
const HistoryPage = z.object({ isEnd: z.boolean(), messageList: z.array(z.unknown()) })

/** Pages backwards from the newest message until the SDK says that it has shown the first one. */
export async function readHistory(
  sdk: { call(method: string, ...args: unknown[]): Promise<unknown> },
  conversationID: string,
): Promise<Message[]> {
  const messages: Message[] = []
  for (;;) {
    const startClientMsgID = messages[0]?.clientMsgID ?? ''
    const query = { conversationID, startClientMsgID, count: PAGE_SIZE, viewType: 0 }
    const page = HistoryPage.parse(await sdk.call('getAdvancedHistoryMessageList', query))
    messages.unshift(...page.messageList.map(messageFrom))
    // An empty page that is not the end would be asked for for ever.
    if (page.isEnd || page.messageList.length === 0) return messages
  }
}

/** A client's own message has seq 0 until the echo of it is in; this waits until every message has its place. */
export async function settledHistory(client: Client, withUserID: string): Promise<Message[]> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS
  for (;;) {
    const history = await client.history(withUserID)
    if (history.every(({ seq }) => seq > 0) || Date.now() > deadline) return history
    await sleep(50)
  }
}

const SETTLE_TIMEOUT_MS = 5_000

export function conversationFrom(value: unknown): Conversation {
  const { latestMsg, ...conversation } = SdkConversation.parse(value)
  return { ...conversation, latestText: latestMsg === '' ? '' : messageFrom(JSON.parse(latestMsg)).text }
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
