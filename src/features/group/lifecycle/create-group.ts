import type { z } from 'zod'
import type { GroupRecord } from '../../../contracts/group-change.ts'
import { GroupRole, GroupStatus, JoinSource } from '../../../protocol/constants/group.ts'
import { ImError } from '../../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../../runtime/context.ts'
import type { UserInfo } from '../../user/schema.ts'
import type { CreateGroupReq } from '../change-schema.ts'
import { checkNewMembers, newMember } from '../membership/new-members.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { MAX_NAMED_MEMBERS, shownNewMember, shownOutsider } from '../notifications/shown-members.ts'
import type { GroupInfo } from '../schema.ts'
import { findGroups } from '../store/groups.ts'
import { submitGroupChange } from '../submit-change.ts'
import { afterCreateGroup, beforeCreateGroup, type WantedGroup } from '../webhooks/group-webhooks.ts'
import { beforeMemberJoinGroup } from '../webhooks/member-webhooks.ts'
import { groupInfo } from '../wire.ts'

type CreateGroup = z.output<typeof CreateGroupReq>

/** Creates a group with its owner, administrators and members. */
export async function createGroup(ctx: CallerContext, req: CreateGroup): Promise<{ groupInfo: GroupInfo }> {
  requireSelfOrAdmin(ctx, req.ownerUserID)
  let users = await checkCreation(ctx, req)
  const asAsked = { ...req, status: GroupStatus.InUse }
  const wanted = await beforeCreateGroup(ctx, req, groupRecord(ctx, asAsked), firstMembers(req))
  if (wanted.ownerUserID !== req.ownerUserID || wanted.groupInfo.groupID !== req.groupInfo.groupID) {
    users = await checkCreation(ctx, wanted)
  }
  const groupID = wanted.groupInfo.groupID || (await chooseGroupID(ctx))
  const create = { ...groupRecord(ctx, wanted), groupID }
  const now = create.createTime
  const members = firstMembers(wanted).map((member) =>
    newMember(ctx, {
      ...member,
      groupID,
      joinSource: JoinSource.Invitation,
      inviterUserID: ctx.caller.userID,
    }),
  )
  const join = await beforeMemberJoinGroup(ctx, create, members)
  const shown = join.slice(0, MAX_NAMED_MEMBERS).map((member) => shownNewMember(member, users.get(member.userID)))
  const [groupOwnerUser] = shown
  if (!groupOwnerUser) throw new Error('firstMembers returned no owner')
  const opUser = shown.find(({ userID }) => userID === ctx.caller.userID) ?? (await shownOutsider(ctx, groupID))
  const base = { group: groupInfo(create), opUser }
  await submitGroupChange(ctx, {
    groupID,
    create,
    join,
    notices: [
      groupNotification.created(
        { ...base, groupOwnerUser, memberList: shown, operationTime: now },
        wanted.sendMessage ?? undefined,
      ),
      ...(wanted.groupInfo.notification === '' ? [] : [groupNotification.announcementSet(base)]),
    ],
  })
  await afterCreateGroup(ctx, create, join)
  return { groupInfo: groupInfo(create) }
}

/**
 * Checks that the group can be created.
 * @returns the profiles of its first members
 * @throws ImError 1001, 1101 when one of them cannot become a member, 1202 when the groupID is taken
 */
async function checkCreation(ctx: CallerContext, req: CreateGroup): Promise<Map<string, UserInfo>> {
  const userIDs = firstMembers(req).map(({ userID }) => userID)
  const twice = userIDs.find((userID, i) => userIDs.indexOf(userID) < i)
  if (twice !== undefined) throw ImError.args(`${twice} is named twice among owner, administrators and members`)
  const users = await checkNewMembers(ctx, userIDs, 0, (userID) =>
    ImError.userNotFound(`no user is registered as ${JSON.stringify(userID)}`),
  )
  const { groupID } = req.groupInfo
  if (groupID && (await findGroups(ctx.db, [groupID])).length > 0) {
    throw ImError.groupIDExists(`groupID ${groupID} is taken`)
  }
  return users
}

/** The row of the new group; its groupID is "" until the request, the app server or the service chooses one. */
function groupRecord(ctx: CallerContext, { groupInfo, ...req }: WantedGroup): GroupRecord {
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

/** Chooses a free groupID in OpenIM's form: a decimal number of 32 random bits. */
async function chooseGroupID(ctx: CallerContext): Promise<string> {
  for (;;) {
    const groupID = String(crypto.getRandomValues(new Uint32Array(1))[0])
    if ((await findGroups(ctx.db, [groupID])).length === 0) return groupID
  }
}
