import type { z } from 'zod'
import type { UserRpc } from '../../contracts/user.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import type {
  GetUsersOnlineStatusReq,
  GetUsersStatusReq,
  OnlineStatus,
  UserOnlineConnections,
  UserOnlineTokens,
} from './schema.ts'
import { registeredAmong } from './store/users.ts'

const Status = { Offline: 0, Online: 1 } as const

/** How many users' objects are asked at the same time. */
const MAX_PARALLEL = 32

/** On which platforms users are, one answer for each ID asked. */
export async function getUsersStatus(
  ctx: CallerContext,
  { userIDs }: z.output<typeof GetUsersStatusReq>,
): Promise<{ statusList: OnlineStatus[] }> {
  return { statusList: await statusesOf(ctx, userIDs) }
}

/** Where users are, in the order of the IDs. */
export async function statusesOf(ctx: Context, userIDs: readonly string[]): Promise<OnlineStatus[]> {
  const platforms = await askUsers(ctx, userIDs, (user) => user.onlinePlatforms())
  return userIDs.map((userID) => {
    const platformIDs = platforms.get(userID) ?? []
    return { userID, status: statusOf(platformIDs), platformIDs }
  })
}

/** Every live connection of users, one answer for each ID asked. */
export async function getUsersOnlineStatus(
  ctx: CallerContext,
  { userIDs }: z.output<typeof GetUsersOnlineStatusReq>,
): Promise<UserOnlineConnections[]> {
  const connections = await askUsers(ctx, userIDs, (user) => user.onlineConnections())
  return userIDs.map((userID) => {
    const detailPlatformStatus = connections.get(userID) ?? []
    return { userID, status: statusOf(detailPlatformStatus), detailPlatformStatus }
  })
}

/** The tokens of live connections by platform; users who are not online are left out. */
export async function getUsersOnlineTokenDetail(
  ctx: CallerContext,
  { userIDs }: z.output<typeof GetUsersOnlineStatusReq>,
): Promise<UserOnlineTokens[]> {
  // OpenIM: who may not see tokens sees nobody online, and no error.
  if (!ctx.caller.isAdmin) return []
  const connections = await askUsers(ctx, userIDs, (user) => user.onlineConnections())
  return userIDs.flatMap((userID) => {
    const live = connections.get(userID) ?? []
    if (live.length === 0) return []
    const byPlatform = Map.groupBy(live, (connection) => connection.platformID)
    const singlePlatformToken = [...byPlatform].map(([platformID, there]) => ({
      platformID,
      total: there.length,
      token: there.map((connection) => connection.token),
    }))
    return { userID, status: Status.Online, singlePlatformToken }
  })
}

function statusOf(present: readonly unknown[]): number {
  return present.length > 0 ? Status.Online : Status.Offline
}

/** Asks each user's object. Nobody is registered under the other IDs: asking would create an object for each of them. */
async function askUsers<Answer>(
  ctx: Context,
  userIDs: readonly string[],
  ask: (user: UserRpc) => Promise<Answer>,
): Promise<Map<string, Answer>> {
  const registered = [...(await registeredAmong(ctx.db, userIDs))]
  const answers = await inParallel(registered, MAX_PARALLEL, async (userID) => ask(ctx.user(userID)))
  return new Map(registered.map((userID, i) => [userID, answers[i] as Answer]))
}
