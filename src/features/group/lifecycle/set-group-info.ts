import type { z } from 'zod'
import type { GroupChange, GroupNotice } from '../../../contracts/group-change.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { groupAs, requireInUse } from '../access.ts'
import { changeGroup } from '../change-group.ts'
import type { SetGroupInfoReq } from '../change-schema.ts'
import { actorOf, groupNotice } from '../tips.ts'
import {
  afterSetGroupInfo,
  afterSetGroupInfoEx,
  beforeSetGroupInfo,
  beforeSetGroupInfoEx,
  type GroupInfoChange,
} from '../webhooks.ts'
import { groupInfo } from '../wire.ts'

type GroupFields = NonNullable<GroupChange['set']>

/** Changes what is given about a group; the name, the announcement and the rest are announced each by itself. */
export async function setGroupInfoEx(ctx: CallerContext, req: GroupInfoChange): Promise<void> {
  await change(ctx, req, { before: beforeSetGroupInfoEx, after: afterSetGroupInfoEx })
}

/** The two forms of the call differ in what the app is asked and told. */
interface Hooks {
  before(ctx: CallerContext, change: GroupInfoChange): Promise<GroupInfoChange>
  after(ctx: CallerContext, change: GroupInfoChange): Promise<void>
}

async function change(ctx: CallerContext, req: GroupInfoChange, { before, after }: Hooks): Promise<void> {
  const { groupID } = req
  const { group, member: actor } = await groupAs(ctx, groupID, 'admin')
  requireInUse(group)
  const wanted = await before(ctx, req)
  const { groupID: _same, ...given } = wanted
  // OpenIM: a blank name makes the whole call do nothing.
  if (given.groupName !== null && given.groupName.trim() === '') return
  const { notification, groupName, ...others } = withoutNulls(given)
  const set: GroupFields = {
    ...others,
    ...(groupName !== undefined && { groupName }),
    ...(notification !== undefined && {
      notification: notification.trim(),
      notificationUpdateTime: ctx.now(),
      notificationUserID: ctx.caller.userID,
    }),
  }
  if (Object.keys(set).length === 0) return

  const base = { group: groupInfo({ ...group, ...set }), opUser: await actorOf(ctx, groupID) }
  const notices: GroupNotice[] = [
    ...(notification === undefined ? [] : [groupNotice.announcementSet(base)]),
    ...(groupName === undefined ? [] : [groupNotice.nameSet(base)]),
    ...(Object.keys(others).length === 0 ? [] : [groupNotice.infoSet(base)]),
  ]
  await changeGroup(ctx, { groupID, actor, set, notices })
  await after(ctx, wanted)
}

/** The older form of the call. */
export async function setGroupInfo(
  ctx: CallerContext,
  { groupInfoForSet }: z.output<typeof SetGroupInfoReq>,
): Promise<void> {
  const { groupName, notification, introduction, faceURL, ...rest } = groupInfoForSet
  const req = {
    ...rest,
    groupName: groupName || null,
    notification: notification || null,
    introduction: introduction || null,
    faceURL: faceURL || null,
  }
  await change(ctx, req, { before: beforeSetGroupInfo, after: afterSetGroupInfo })
}

type WithoutNulls<T> = { [K in keyof T]?: Exclude<T[K], null> }

function withoutNulls<T extends object>(given: T): WithoutNulls<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as WithoutNulls<T>
}
