import { Agent } from 'node:http'
import type { Contender, Product } from '../contenders/contender.ts'
import { messageFrame } from '../floor/frame.ts'
import { post } from '../load/backend.ts'

/** Calls that make many friends or members, each with users of its own. */
export interface BulkCase {
  label: string
  /** The number of friends or members. */
  units: number
  unit: 'friend' | 'member'
  /** Registers the users and makes what must exist before. */
  prepare(product: Product, first: number): Promise<void>
  run(product: Product, first: number): Promise<unknown>
}

const REGISTERED_AT_ONCE = 500
const USERS_PER_CALL = 999

export const friends = (count: number): BulkCase => ({
  label: `import_friend of ${count}`,
  units: count,
  unit: 'friend',
  prepare: (product, first) => register(product, first, count + 1),
  run: (product, first) => importFriends(product, first, count),
})

/** Each of `owners` users gets `count` friends, all at once, as in OpenIM's integration test. */
export const friendsAtOnce = (owners: number, count: number): BulkCase => ({
  label: `${owners} import_friend of ${count} at once`,
  units: owners * count,
  unit: 'friend',
  prepare: (product, first) => register(product, first, owners + count),
  run: (product, first) =>
    Promise.all(
      Array.from({ length: owners }, (_, i) => {
        const friendUserIDs = userIDs(product, first + owners, count)
        return call(product, '/friend/import_friend', { ownerUserID: product.userID(first + i), friendUserIDs })
      }),
    ),
})

export const createdGroup = (count: number): BulkCase => ({
  label: `create_group with ${count} members`,
  units: count,
  unit: 'member',
  prepare: (product, first) => register(product, first, count + 1),
  run: (product, first) => createGroup(product, first, count),
})

/** @param existing the members of the group before */
export const invited = (count: number, existing: number): BulkCase => ({
  label: `invite_user_to_group of ${count.toLocaleString('en-US')}, into a group of ${existing.toLocaleString('en-US')}`,
  units: count,
  unit: 'member',
  async prepare(product, first) {
    await register(product, first, existing + count)
    await createGroup(product, first, Math.min(existing, USERS_PER_CALL) - 1)
    if (existing > USERS_PER_CALL) await invite(product, first, first + USERS_PER_CALL, existing - USERS_PER_CALL)
  },
  run: (product, first) => invite(product, first, first + existing, count),
})

/**
 * The least that a friend costs in this design, on the naive floor: a conversation object with a table, one row, and a
 * call of an object of a user.
 */
export async function floorConversations(floor: Contender, first: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  await Promise.all(
    Array.from({ length: count }, (_, i) => {
      const frame = messageFrame({ groupSize: 0, sender: first, receiver: first + 1 + i }, 0)
      return post(new URL(floor.server.url), agent, {}, frame)
    }),
  )
  agent.destroy()
}

/** The least that a member costs: one call of the member's object, which writes nothing. */
export async function floorMembers(floor: Contender, first: number, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  await post(new URL(floor.server.url), agent, {}, messageFrame({ groupSize: count, sender: 0, receiver: first }, 0))
  agent.destroy()
}

function importFriends(product: Product, first: number, count: number): Promise<void> {
  return call(product, '/friend/import_friend', {
    ownerUserID: product.userID(first),
    friendUserIDs: userIDs(product, first + 1, count),
  })
}

function createGroup(product: Product, first: number, count: number): Promise<void> {
  return call(product, '/group/create_group', {
    ownerUserID: product.userID(first),
    memberUserIDs: userIDs(product, first + 1, count),
    adminUserIDs: [],
    groupInfo: { groupID: groupIDOf(first), groupName: 'bulk', groupType: 2 },
  })
}

async function invite(product: Product, group: number, first: number, count: number): Promise<void> {
  for (let at = 0; at < count; at += USERS_PER_CALL) {
    await call(product, '/group/invite_user_to_group', {
      groupID: groupIDOf(group),
      invitedUserIDs: userIDs(product, first + at, Math.min(USERS_PER_CALL, count - at)),
    })
  }
}

const groupIDOf = (first: number) => `bulk${first}`

const userIDs = (product: Product, first: number, count: number) =>
  Array.from({ length: count }, (_, i) => product.userID(first + i))

async function register(product: Product, first: number, count: number): Promise<void> {
  for (let at = 0; at < count; at += REGISTERED_AT_ONCE) {
    const part = Math.min(REGISTERED_AT_ONCE, count - at)
    await product.rest.register(...userIDs(product, first + at, part))
  }
}

async function call(product: Product, path: string, body: object): Promise<void> {
  const answer = await product.rest.post(path, body, { token: await product.rest.adminToken() })
  if (answer.errCode !== 0) throw new Error(`${path}: ${JSON.stringify(answer)}`)
}
