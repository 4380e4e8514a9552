import { expect } from 'vitest'
import { type Client, type Conversation, conversationWith, totalUnread } from './client.ts'

/* Each function waits until an app shows this state, because the SDKs receive messages, counts and settings with a delay. */

/** Waits until an app shows the conversation with that user like this. */
export async function expectChat(client: Client, userID: string, expected: Partial<Conversation>): Promise<void> {
  await expect.poll(() => conversationWith(client, userID), { message: client.userID }).toMatchObject(expected)
}

/** Waits until an app lists these conversations in this order. */
export async function expectChats(client: Client, expected: Partial<Conversation>[]): Promise<void> {
  await expect.poll(() => client.conversations(), { message: client.userID }).toMatchObject(expected)
}

/** Waits until an app shows these texts in the chat with that user, oldest first. */
export async function expectTexts(client: Client, withUserID: string, expected: string[]): Promise<void> {
  const texts = async () => (await client.history(withUserID)).map(({ text }) => text)
  await expect.poll(texts, { message: client.userID }).toEqual(expected)
}

/** Waits until the app's icon shows this number. */
export async function expectTotalUnread(client: Client, expected: number): Promise<void> {
  await expect.poll(() => totalUnread(client), { message: client.userID }).toBe(expected)
}
