import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { fullIDsAnswer, type IncrementalAnswer, incrementalAnswer } from '../../../sync/answers.ts'
import { readDelta, readHead } from '../../../sync/version-store.ts'
import type { GetFullJoinGroupIDsReq, GetIncrementalJoinGroupsReq, GroupInfo } from '../schema.ts'
import { findGroups, joinedGroupIDs } from '../store/groups.ts'

/** Returns the changes in the list of joined groups since the client's version. */
export async function getIncrementalJoinGroups(
  ctx: CallerContext,
  { userID, versionID, version }: z.output<typeof GetIncrementalJoinGroupsReq>,
): Promise<IncrementalAnswer<GroupInfo> & { sortVersion: number }> {
  requireSelfOrAdmin(ctx, userID)
  const delta = await readDelta(ctx.db, 'joined-group', userID, { versionID, version })
  const changed = await findGroups(ctx.db, [...delta.inserted, ...delta.updated])
  const found = new Map(changed.map((row) => [row.groupID, row]))
  // OpenIM: joined groups are ordered by name, so their order has no version.
  return { ...incrementalAnswer(delta, found), sortVersion: 0 }
}

/** Returns the ordered IDs of all joined groups, unless the client's hash shows that it has them already. */
export async function getFullJoinGroupIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullJoinGroupIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; groupIDs: string[] }> {
  requireSelfOrAdmin(ctx, req.userID)
  const head = await readHead(ctx.db, 'joined-group', req.userID)
  const { ids, ...answer } = fullIDsAnswer(head, await joinedGroupIDs(ctx.db, req.userID), req.idHash)
  return { ...answer, groupIDs: ids }
}
