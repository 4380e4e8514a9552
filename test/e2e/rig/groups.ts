import { expect } from 'vitest'
import { z } from 'zod'
import { type Client, type Message, messageFrom, readHistory } from './client.ts'
import { sleep } from './server.ts'
import { WasmClient } from './wasm-client.ts'

/* Actions and expectations of the tests of groups, the same for both SDKs. */

export const ROLE = { owner: 100, admin: 60, member: 20 } as const

export function groupChatID(groupID: string): string {
  return `sg_${groupID}`
}

/** Creates a group. */
export async function createGroup(
  owner: Client,
  { members = [], admins = [], ...info }: { members?: string[]; admins?: string[] } & Record<string, unknown>,
): Promise<string> {
  const groupInfo = { groupName: 'Friends', groupType: 2, ...info }
  const created = await owner.call('createGroup', { memberUserIDs: members, adminUserIDs: admins, groupInfo })
  return z.object({ groupID: z.string() }).parse(created).groupID
}

export async function sayTo(client: Client, groupID: string, text: string): Promise<Message> {
  const message = await client.call('createTextMessage', text)
  return messageFrom(await client.call('sendMessage', { recvID: '', groupID, message }))
}

/** The group's messages, without failed ones, which the wasm SDK keeps in its list. */
export async function groupHistory(client: Client, groupID: string): Promise<Message[]> {
  const shown = await readHistory(client, groupChatID(groupID), 50)
  return shown.filter(({ status }) => status !== FAILED)
}

const FAILED = 3

/** The text of a message, or the content type of a notification. */
export function shownAs({ contentType, text }: Message): string | number {
  return contentType >= 1_000 ? contentType : text
}

/** Waits until the app shows these messages in the group. */
export async function expectHistory(client: Client, groupID: string, expected: (string | number)[]): Promise<void> {
  await eventually(
    client,
    async () => (await groupHistory(client, groupID)).map(shownAs),
    (shown) => JSON.stringify(shown) === JSON.stringify(expected),
    expected,
  )
}

const Group = z.object({
  groupID: z.string(),
  groupName: z.string(),
  notification: z.string(),
  introduction: z.string(),
  faceURL: z.string(),
  ownerUserID: z.string(),
  memberCount: z.number(),
  status: z.number(),
  ex: z.string(),
  needVerification: z.number(),
})
export type Group = z.output<typeof Group>

/** The groups that the app lists. The wasm SDK has them on the device; the JS SDK requests them from the server. */
export async function joinedGroups(client: Client): Promise<Group[]> {
  const list =
    client instanceof WasmClient
      ? await client.call('getJoinedGroupList')
      : await client.call('getJoinedGroupListPage', { offset: 0, count: 1_000 })
  return z
    .array(Group)
    .parse(list)
    .sort((a, b) => (a.groupID < b.groupID ? -1 : 1))
}

async function groupAt(client: Client, groupID: string): Promise<Group | undefined> {
  return (await joinedGroups(client)).find((group) => group.groupID === groupID)
}

/** Waits until the app lists the group like this. The SDKs sync groups and their messages separately. */
export async function expectGroup(client: Client, groupID: string, expected: Partial<Group>): Promise<void> {
  await expect.poll(() => groupAt(client, groupID), { message: client.userID }).toMatchObject(expected)
}

/** Waits until the app does not list the group. */
export async function expectNoGroup(client: Client, groupID: string): Promise<void> {
  await expect.poll(() => groupAt(client, groupID), { message: client.userID }).toBeUndefined()
}

const Member = z.object({
  userID: z.string(),
  nickname: z.string(),
  faceURL: z.string(),
  roleLevel: z.number(),
  joinSource: z.number(),
  inviterUserID: z.string(),
  muteEndTime: z.number(),
  ex: z.string(),
})
export type Member = z.output<typeof Member>

/** The members in the order of the app. */
export async function membersAt(client: Client, groupID: string): Promise<Member[]> {
  return z.array(Member).parse(await client.call('getGroupMemberList', { groupID, filter: 0, offset: 0, count: 1_000 }))
}

/** Waits until the app lists these members in this order. */
export async function expectMembers(client: Client, groupID: string, expected: Partial<Member>[]): Promise<void> {
  await expect.poll(() => membersAt(client, groupID), { message: client.userID }).toMatchObject(expected)
}

const GroupConversation = z.object({
  conversationID: z.string(),
  conversationType: z.number(),
  groupID: z.string(),
  showName: z.string(),
  faceURL: z.string(),
  unreadCount: z.number(),
  groupAtType: z.number(),
  latestMsg: z.string(),
})
export type GroupConversation = Omit<z.output<typeof GroupConversation>, 'latestMsg'> & { latest: string | number }

/** The group's conversation as an app opens it. */
export async function groupConversation(client: Client, groupID: string): Promise<GroupConversation> {
  const { latestMsg, ...conversation } = GroupConversation.parse(
    await client.call('getOneConversation', { sourceID: groupID, sessionType: 3 }),
  )
  return { ...conversation, latest: latestMsg === '' ? '' : shownAs(messageFrom(JSON.parse(latestMsg))) }
}

/** Waits until the app shows the group's conversation like this. */
export async function expectConversation(
  client: Client,
  groupID: string,
  expected: Partial<GroupConversation>,
): Promise<void> {
  await expect.poll(() => groupConversation(client, groupID), { message: client.userID }).toMatchObject(expected)
}

/** Repeats a call until its answer satisfies the condition, and returns that answer. */
export async function eventually<T>(
  client: Client,
  ask: () => Promise<T>,
  holds: (answer: T) => boolean,
  expected: unknown,
): Promise<T> {
  const deadline = Date.now() + SETTLE_TIMEOUT_MS
  for (;;) {
    const answer = await ask()
    if (holds(answer)) return answer
    if (Date.now() > deadline) {
      throw new Error(`${client.userID}: is still ${JSON.stringify(answer)} instead of ${JSON.stringify(expected)}`)
    }
    await sleep(50)
  }
}

const SETTLE_TIMEOUT_MS = 30_000
