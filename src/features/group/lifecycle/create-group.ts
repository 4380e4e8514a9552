import type { z } from 'zod'
import type { GroupRecord } from '../../../contracts/group-change.ts'
import { GroupRole, GroupStatus, JoinSource } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import type { UserInfo } from '../../user/schema.ts'
import { changeGroup } from '../change-group.ts'
import type { CreateGroupReq } from '../change-schema.ts'
import { beforeMemberJoinGroup } from '../member-webhooks.ts'
import { newcomers, newMember } from '../membership/newcomers.ts'
import type { GroupInfo } from '../schema.ts'
import { findGroups } from '../store/groups.ts'
import { groupNotice, MAX_NAMED, outsider, shownNewcomer } from '../tips.ts'
import { afterCreateGroup, beforeCreateGroup, type Founding } from '../webhooks.ts'
import { groupInfo } from '../wire.ts'

type CreateGroup = z.output<typeof CreateGroupReq>

/** Founds a group with its owner, administrators and members. */
export async function createGroup(ctx: CallerContext, req: CreateGroup): Promise<{ groupInfo: GroupInfo }> {
  requireSelfOrAdmin(ctx, req.ownerUserID)
  let users = await requireFit(ctx, req)
  const asAsked = { ...req, status: GroupStatus.InUse }
  const founding = await beforeCreateGroup(ctx, req, groupRecord(ctx, asAsked), firstMembers(req))
  if (founding.ownerUserID !== req.ownerUserID || founding.groupInfo.groupID !== req.groupInfo.groupID) {
    users = await requireFit(ctx, founding)
  }
  const { groupInfo: wanted, sendMessage } = founding
  const groupID = wanted.groupID || (await freeGroupID(ctx))
  const create = { ...groupRecord(ctx, founding), groupID }
  const now = create.createTime
  const comers = firstMembers(founding).map((member) =>
    newMember(ctx, {
      ...member,
      groupID,
      joinSource: JoinSource.Invitation,
      inviterUserID: ctx.caller.userID,
    }),
  )
  const join = await beforeMemberJoinGroup(ctx, create, comers)
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
  await afterCreateGroup(ctx, create, join)
  return { groupInfo: groupInfo(create) }
}

/**
 * @returns the first members' profiles
 * @throws ImError 1001, 1101 when they cannot be taken in, 1202 when the ID is taken
 */
async function requireFit(ctx: CallerContext, req: CreateGroup): Promise<Map<string, UserInfo>> {
  const userIDs = firstMembers(req).map(({ userID }) => userID)
  const twice = userIDs.find((userID, i) => userIDs.indexOf(userID) < i)
  if (twice !== undefined) throw ImError.args(`${twice} is named twice among owner, administrators and members`)
  const users = await newcomers(ctx, userIDs, 0, (userID) =>
    ImError.userNotFound(`no user is registered as ${JSON.stringify(userID)}`),
  )
  const { groupID } = req.groupInfo
  if (groupID && (await findGroups(ctx.db, [groupID])).length > 0) {
    throw ImError.groupIDExists(`groupID ${groupID} is taken`)
  }
  return users
}

/** The group as it would be; without an ID as long as nobody has chosen one. */
function groupRecord(ctx: CallerContext, { groupInfo, ...req }: Founding): GroupRecord {
  const now = ctx.now()
  const isAnnounced = groupInfo.notification !== ''
  return {
    ...groupInfo,
    ownerUserID: req.ownerUserID,
    createTime: now,
    memberCount: firstMembers(req).length,
    status: req.status,
    notificationUpdateTime: isAnnounced ? now : 0,
    notificationUserID: isAnnounced ? ctx.caller.userID : '',
  }
}

function firstMembers({
  ownerUserID,
  adminUserIDs,
  memberUserIDs,
}: Pick<CreateGroup, 'ownerUserID' | 'adminUserIDs' | 'memberUserIDs'>): { userID: string; roleLevel: number }[] {
  const userIDs = [ownerUserID, ...adminUserIDs, ...memberUserIDs]
  return userIDs.map((userID, i) => ({ userID, roleLevel: roleAt(i, adminUserIDs.length) }))
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
