import { expect } from 'vitest'
import { type Client, type Conversation, conversationWith, totalUnread } from './client.ts'

/* What an app shows of its user's chats, once it does: the SDKs learn of messages, counters and settings in their own time. */

/** The conversation with that user as an app opens it, once it looks like this. */
export async function expectChat(client: Client, userID: string, expected: Partial<Conversation>): Promise<void> {
  await expect.poll(() => conversationWith(client, userID), { message: client.userID }).toMatchObject(expected)
}

/** The whole list of conversations, in its order, once it looks like this. */
export async function expectChats(client: Client, expected: Partial<Conversation>[]): Promise<void> {
  await expect.poll(() => client.conversations(), { message: client.userID }).toMatchObject(expected)
}

/** The texts of the chat with that user, oldest first, once they are these. */
export async function expectTexts(client: Client, withUserID: string, expected: string[]): Promise<void> {
  const texts = async () => (await client.history(withUserID)).map(({ text }) => text)
  await expect.poll(texts, { message: client.userID }).toEqual(expected)
}

/** The number on the app's icon, once it is this. */
export async function expectTotalUnread(client: Client, expected: number): Promise<void> {
  await expect.poll(() => totalUnread(client), { message: client.userID }).toBe(expected)
}
