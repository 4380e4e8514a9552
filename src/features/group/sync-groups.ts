import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import { idHash } from '../../sync/id-hash.ts'
import { readDelta, readHead } from '../../sync/incremental.ts'
import type { GetFullJoinGroupIDsReq, GetIncrementalJoinGroupsReq, GroupInfo } from './schema.ts'
import { findGroups, joinedGroupIDs } from './store.ts'

/** What changed in the list of joined groups since the version the client has. */
export async function getIncrementalJoinGroups(
  ctx: CallerContext,
  { userID, versionID, version }: z.output<typeof GetIncrementalJoinGroupsReq>,
): Promise<{
  version: number
  versionID: string
  full: boolean
  delete: string[]
  insert: GroupInfo[]
  update: GroupInfo[]
  sortVersion: number
}> {
  requireSelfOrAdmin(ctx, userID)
  const delta = await readDelta(ctx.db, 'joined-group', userID, { versionID, version })
  const changed = await findGroups(ctx.db, [...delta.inserted, ...delta.updated])
  const inserted = new Set(delta.inserted)
  return {
    version: delta.version,
    versionID: delta.versionID,
    full: delta.full,
    delete: delta.deleted,
    insert: changed.filter((row) => inserted.has(row.groupID)),
    update: changed.filter((row) => !inserted.has(row.groupID)),
    // OpenIM: the order of joined groups is by name, so there is no order to announce.
    sortVersion: 0,
  }
}

/** The ordered IDs of all joined groups, unless the client's hash says that it has them already. */
export async function getFullJoinGroupIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullJoinGroupIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; groupIDs: string[] }> {
  requireSelfOrAdmin(ctx, req.userID)
  const head = await readHead(ctx.db, 'joined-group', req.userID)
  const groupIDs = await joinedGroupIDs(ctx.db, req.userID)
  const equal = idHash(groupIDs) === req.idHash
  return { version: head.version, versionID: head.versionID, equal, groupIDs: equal ? [] : groupIDs }
}
