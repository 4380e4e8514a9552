import type { z } from 'zod'
import type { UserRpc } from '../../contracts/user.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { Presence } from '../../protocol/constants/presence.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import type {
  GetUsersOnlineStatusReq,
  GetUsersStatusReq,
  OnlineStatus,
  UserOnlineConnections,
  UserOnlineTokens,
} from './schema.ts'
import { registeredAmong } from './store/users.ts'

/** The most UserObjects that are asked at the same time. */
const MAX_PARALLEL = 32

/** Returns the platforms on which each given user is online. */
export async function getUsersStatus(
  ctx: CallerContext,
  { userIDs }: z.output<typeof GetUsersStatusReq>,
): Promise<{ statusList: OnlineStatus[] }> {
  return { statusList: await readOnlineStatus(ctx, userIDs) }
}

/** Reads the online status of each user, in the order of the userIDs. */
export async function readOnlineStatus(ctx: Context, userIDs: readonly string[]): Promise<OnlineStatus[]> {
  const platforms = await askUsers(ctx, userIDs, (user) => user.onlinePlatforms())
  return userIDs.map((userID) => {
    const platformIDs = platforms.get(userID) ?? []
    return { userID, status: statusOf(platformIDs), platformIDs }
  })
}

/** Returns the open connections of each given user. */
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

/** Returns the tokens of the open connections by platform; offline users are left out. */
export async function getUsersOnlineTokenDetail(
  ctx: CallerContext,
  { userIDs }: z.output<typeof GetUsersOnlineStatusReq>,
): Promise<UserOnlineTokens[]> {
  // OpenIM: callers who may not see tokens get an empty list instead of an error.
  if (!ctx.caller.isAdmin) return []
  const connections = await askUsers(ctx, userIDs, (user) => user.onlineConnections())
  return [...new Set(userIDs)].flatMap((userID) => {
    const open = connections.get(userID) ?? []
    if (open.length === 0) return []
    const byPlatform = Map.groupBy(open, (connection) => connection.platformID)
    const singlePlatformToken = [...byPlatform].map(([platformID, onPlatform]) => ({
      platformID,
      total: onPlatform.length,
      token: onPlatform.map((connection) => connection.token),
    }))
    return { userID, status: Presence.Online, singlePlatformToken }
  })
}

function statusOf(connected: readonly unknown[]): number {
  return connected.length > 0 ? Presence.Online : Presence.Offline
}

/** Asks the UserObject of each registered user. Asking for another userID would create an object for it. */
async function askUsers<Answer>(
  ctx: Context,
  userIDs: readonly string[],
  ask: (user: UserRpc) => Promise<Answer>,
): Promise<Map<string, Answer>> {
  const registered = [...(await registeredAmong(ctx.db, userIDs))]
  const answers = await inParallel(registered, MAX_PARALLEL, async (userID) => ask(ctx.user(userID)))
  return new Map(registered.map((userID, i) => [userID, answers[i] as Answer]))
}
