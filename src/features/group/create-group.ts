import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import type { GroupRecord } from '../../platform/group-change.ts'
import { GroupRole, GroupStatus, JoinSource } from '../../protocol/constants/group.ts'
import { ImError } from '../../protocol/errors.ts'
import { changeGroup } from './change-group.ts'
import type { CreateGroupReq } from './change-schema.ts'
import { newcomers, newMember } from './newcomers.ts'
import type { GroupInfo } from './schema.ts'
import { findGroups } from './store/groups.ts'
import { groupNotice, MAX_NAMED, outsider, shownNewcomer } from './tips.ts'
import { groupInfo } from './wire.ts'

/** Founds a group with its owner, administrators and members. */
export async function createGroup(
  ctx: CallerContext,
  { groupInfo: wanted, ownerUserID, adminUserIDs, memberUserIDs, sendMessage }: z.output<typeof CreateGroupReq>,
): Promise<{ groupInfo: GroupInfo }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const userIDs = [ownerUserID, ...adminUserIDs, ...memberUserIDs]
  const twice = userIDs.find((userID, i) => userIDs.indexOf(userID) < i)
  if (twice !== undefined) throw ImError.args(`${twice} is named twice among owner, administrators and members`)
  const users = await newcomers(ctx, userIDs, 0, (userID) =>
    ImError.userNotFound(`no user is registered as ${JSON.stringify(userID)}`),
  )
  const groupID = wanted.groupID || (await freeGroupID(ctx))
  if (wanted.groupID && (await findGroups(ctx.db, [groupID])).length > 0) {
    throw ImError.groupIDExists(`groupID ${groupID} is taken`)
  }

  const now = ctx.now()
  const create: GroupRecord = {
    ...wanted,
    groupID,
    ownerUserID,
    createTime: now,
    memberCount: userIDs.length,
    status: GroupStatus.InUse,
    notificationUpdateTime: wanted.notification === '' ? 0 : now,
    notificationUserID: wanted.notification === '' ? '' : ctx.caller.userID,
  }
  const join = userIDs.map((userID, i) =>
    newMember(ctx, {
      groupID,
      userID,
      roleLevel: roleAt(i, adminUserIDs.length),
      joinSource: JoinSource.Invitation,
      inviterUserID: ctx.caller.userID,
    }),
  )
  const shown = join.slice(0, MAX_NAMED).map((member) => shownNewcomer(member, users.get(member.userID)))
  const [groupOwnerUser] = shown
  if (!groupOwnerUser) throw new Error('a group without an owner')
  const opUser = shown.find(({ userID }) => userID === ctx.caller.userID) ?? (await outsider(ctx, groupID))
  const base = { group: groupInfo(create), opUser }
  await changeGroup(ctx, {
    groupID,
    create,
    join,
    notices: [
      groupNotice.created({ ...base, groupOwnerUser, memberList: shown, operationTime: now }, sendMessage ?? undefined),
      ...(wanted.notification === '' ? [] : [groupNotice.announcementSet(base)]),
    ],
  })
  return { groupInfo: groupInfo(create) }
}

/** The owner comes first, then the administrators. */
function roleAt(i: number, admins: number): number {
  if (i === 0) return GroupRole.Owner
  return i <= admins ? GroupRole.Admin : GroupRole.Member
}

/** OpenIM's form of an ID: a decimal number of 32 random bits. */
async function freeGroupID(ctx: CallerContext): Promise<string> {
  for (;;) {
    const groupID = String(crypto.getRandomValues(new Uint32Array(1))[0])
    if ((await findGroups(ctx.db, [groupID])).length === 0) return groupID
  }
}
