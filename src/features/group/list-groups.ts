import type { z } from 'zod'
import { type CallerContext, type Context, requireSelfOrAdmin } from '../../platform/context.ts'
import { pageWindow } from '../../platform/wire.ts'
import type { GetGroupsInfoReq, GetJoinedGroupListReq, GroupInfo } from './schema.ts'
import { findGroups, joinedGroupPage } from './store.ts'

export async function getJoinedGroupList(
  ctx: CallerContext,
  { fromUserID, pagination }: z.output<typeof GetJoinedGroupListReq>,
): Promise<{ total: number; groups: GroupInfo[] }> {
  requireSelfOrAdmin(ctx, fromUserID)
  const { total, rows } = await joinedGroupPage(ctx.db, fromUserID, pageWindow(pagination))
  return { total, groups: rows }
}

/** Those of the given groups that exist; the others are left out. */
export async function getGroupsInfo(
  ctx: CallerContext,
  { groupIDs }: z.output<typeof GetGroupsInfoReq>,
): Promise<{ groupInfos: GroupInfo[] }> {
  return { groupInfos: await findGroups(ctx.db, groupIDs) }
}

/** Groups by groupID, for answers that show them beside something else. */
export async function groupsByID(ctx: Context, groupIDs: readonly string[]): Promise<Map<string, GroupInfo>> {
  return new Map((await findGroups(ctx.db, [...new Set(groupIDs)])).map((row) => [row.groupID, row]))
}
