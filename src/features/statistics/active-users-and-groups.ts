import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { type Pagination, pageWindow } from '../../runtime/openim-json.ts'
import { groupsByID } from '../group/lists/list-groups.ts'
import type { GroupInfo } from '../group/schema.ts'
import { fromDirectory, type ScanLimits, scanLogs } from '../message/history/scan-logs.ts'
import { usersByID } from '../user/get-users-info.ts'
import type { UserInfo } from '../user/schema.ts'
import type { ActiveGroupReq, ActiveUserReq } from './schema.ts'

/*
 * Messages are counted in the logs when an administrator asks, so that a message costs nothing for the statistics.
 * SQLite does the counting, about ten times faster than a search, so the steps are longer than those of a search.
 */

const LIMITS: ScanLimits = { maxParallel: 16, messagesPerStep: 20_000, maxSteps: 750, maxScanned: 2_000_000 }

interface Activity {
  msgCount: number
  dateCount: Record<string, number>
  /** Ours: present when the count is not complete; the same call with this value continues it. */
  continuation?: string
}

interface ActiveUsers extends Activity {
  userCount: number
  users: { user: UserInfo; count: number }[]
}

interface ActiveGroups extends Activity {
  groupCount: number
  groups: { group: GroupInfo; count: number }[]
}

/**
 * Ranks users by the number of messages they sent to other users, and with `group` to groups too. When one call reaches
 * its limits, the answer is exact for the scanned part and has a continuation for the rest.
 */
export async function activeUsers(
  ctx: CallerContext,
  req: z.output<typeof ActiveUserReq>,
  limits: ScanLimits = LIMITS,
): Promise<ActiveUsers> {
  const { counts, ...activity } = await countIn(
    ctx,
    req.group ? ['si_', 'sg_'] : ['si_'],
    req,
    limits,
    (_id, senders) => Object.entries(senders),
  )
  const shown = page(counts, req.ase, req.pagination)
  const users = await usersByID(ctx, [...shown.keys()])
  return {
    ...activity,
    userCount: counts.size,
    users: [...shown].map(([userID, count]) => ({ user: users.get(userID) ?? unknownUser(userID), count })),
  }
}

/** Ranks groups by the number of messages that were sent to them, with a continuation as in `activeUsers`. */
export async function activeGroups(
  ctx: CallerContext,
  req: z.output<typeof ActiveGroupReq>,
  limits: ScanLimits = LIMITS,
): Promise<ActiveGroups> {
  const { counts, ...activity } = await countIn(ctx, ['sg_'], req, limits, (id, senders) =>
    Object.values(senders).map((count) => [id.slice('sg_'.length), count]),
  )
  const shown = page(counts, req.ase, req.pagination)
  const groups = await groupsByID(ctx, [...shown.keys()])
  return {
    ...activity,
    groupCount: counts.size,
    groups: [...shown].map(([groupID, count]) => ({ group: groups.get(groupID) ?? unknownGroup(groupID), count })),
  }
}

/**
 * Counts the messages of all conversations whose IDs have one of the prefixes.
 * @param shares assigns the messages of one conversation to users or groups, from its count per sender
 */
async function countIn(
  ctx: CallerContext,
  prefixes: string[],
  { start, end, continuation }: { start: number; end: number; continuation: string },
  limits: ScanLimits,
  shares: (conversationID: string, senders: Record<string, number>) => [id: string, count: number][],
): Promise<Activity & { counts: Map<string, number> }> {
  const counts = new Map<string, number>()
  const dateCount: Record<string, number> = {}
  let msgCount = 0
  const sources = prefixes.map((prefix) => fromDirectory(ctx, { prefix, userID: '' }))
  const rest = await scanLogs(sources, continuation, limits, async (conversationID, below, limit) => {
    const found = await ctx.conversation(conversationID).countMessages({ from: start, to: end }, below, limit)
    for (const [id, count] of shares(conversationID, found.senders)) counts.set(id, (counts.get(id) ?? 0) + count)
    for (const [day, count] of Object.entries(found.days)) {
      dateCount[day] = (dateCount[day] ?? 0) + count
      msgCount += count
    }
    return found
  })
  return { counts, msgCount, dateCount, ...(rest !== null && { continuation: rest }) }
}

/** One page, ordered by count and then by ID. */
function page(counts: ReadonlyMap<string, number>, ascending: boolean, pagination: Pagination): Map<string, number> {
  const sorted = [...counts].sort(([idA, a], [idB, b]) => (ascending ? a - b : b - a) || (idA < idB ? -1 : 1))
  const { offset, limit } = pageWindow(pagination)
  return new Map(sorted.slice(offset, offset + limit))
}

/** OpenIM: a user who is not registered any more is shown with the userID as the nickname. */
function unknownUser(userID: string): UserInfo {
  const nothing = { faceURL: '', ex: '', createTime: 0, appMangerLevel: 0, globalRecvMsgOpt: 0 }
  return { userID, nickname: userID, ...nothing }
}

function unknownGroup(groupID: string): GroupInfo {
  return {
    ...{ groupID, groupName: groupID, notification: '', introduction: '', faceURL: '', ownerUserID: '' },
    ...{ createTime: 0, memberCount: 0, ex: '', status: 0, creatorUserID: '', groupType: 0, needVerification: 0 },
    ...{ lookMemberInfo: 0, applyMemberFriend: 0, notificationUpdateTime: 0, notificationUserID: '' },
  }
}
