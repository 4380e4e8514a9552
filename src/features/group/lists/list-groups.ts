import type { z } from 'zod'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, type Context, requireSelfOrAdmin } from '../../../runtime/context.ts'
import { pageWindow } from '../../../runtime/openim-json.ts'
import type { CMSGroup, GetGroupsInfoReq, GetGroupsReq, GetJoinedGroupListReq, GroupInfo } from '../schema.ts'
import { findGroups, findGroupWithOwner, groupPageByName, joinedGroupPage } from '../store/groups.ts'
import { cmsGroup, groupInfo } from '../wire.ts'

export async function getJoinedGroupList(
  ctx: CallerContext,
  { fromUserID, pagination }: z.output<typeof GetJoinedGroupListReq>,
): Promise<{ total: number; groups: GroupInfo[] }> {
  requireSelfOrAdmin(ctx, fromUserID)
  const { total, rows } = await joinedGroupPage(ctx.db, fromUserID, pageWindow(pagination))
  return { total, groups: rows.map(groupInfo) }
}

/** Returns the given groups; groups that do not exist are left out. */
export async function getGroupsInfo(
  ctx: CallerContext,
  { groupIDs }: z.output<typeof GetGroupsInfoReq>,
): Promise<{ groupInfos: GroupInfo[] }> {
  return { groupInfos: (await findGroups(ctx.db, groupIDs)).map(groupInfo) }
}

/**
 * Returns the group with the given ID, dismissed or not. Without an ID: the groups that are not dismissed and whose
 * name contains the given text, newest first; for administrators of the app only. OpenIM lists them to every user.
 * @throws ImError 1002 when a user lists the groups of the deployment
 */
export async function getGroups(
  ctx: CallerContext,
  { groupID, groupName, pagination }: z.output<typeof GetGroupsReq>,
): Promise<{ total: number; groups: CMSGroup[] }> {
  if (groupID !== '') {
    const row = await findGroupWithOwner(ctx.db, groupID)
    return row ? { total: 1, groups: [cmsGroup(row)] } : { total: 0, groups: [] }
  }
  if (!ctx.caller.isAdmin) throw ImError.noPermission('only an administrator may list the groups; users name a groupID')
  const { total, rows } = await groupPageByName(ctx.db, groupName, pageWindow(pagination))
  return { total, groups: rows.map(cmsGroup) }
}

/** Reads groups into a map by groupID, for answers that show groups beside other data. */
export async function groupsByID(ctx: Context, groupIDs: readonly string[]): Promise<Map<string, GroupInfo>> {
  return new Map((await findGroups(ctx.db, [...new Set(groupIDs)])).map((row) => [row.groupID, groupInfo(row)]))
}
