import type { z } from 'zod'
import type { GroupChange, GroupNotification } from '../../../contracts/group-change.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { accessGroup, requireNotDismissed } from '../access.ts'
import type { SetGroupInfoReq } from '../change-schema.ts'
import { groupNotification } from '../notifications/group-notifications.ts'
import { shownCaller } from '../notifications/shown-members.ts'
import { submitGroupChange } from '../submit-change.ts'
import {
  afterSetGroupInfo,
  afterSetGroupInfoEx,
  beforeSetGroupInfo,
  beforeSetGroupInfoEx,
  type GroupInfoChange,
} from '../webhooks/group-webhooks.ts'
import { groupInfo } from '../wire.ts'

type GroupFields = NonNullable<GroupChange['set']>

/**
 * Changes the given fields of a group. The name, the announcement and the other fields each have a notification of
 * their own.
 */
export async function setGroupInfoEx(ctx: CallerContext, req: GroupInfoChange): Promise<void> {
  await change(ctx, req, { before: beforeSetGroupInfoEx, after: afterSetGroupInfoEx })
}

/** The two forms of the call have different webhooks. */
interface Hooks {
  before(ctx: CallerContext, change: GroupInfoChange): Promise<GroupInfoChange>
  after(ctx: CallerContext, change: GroupInfoChange): Promise<void>
}

async function change(ctx: CallerContext, req: GroupInfoChange, { before, after }: Hooks): Promise<void> {
  const { groupID } = req
  const { group, member: actor } = await accessGroup(ctx, groupID, 'admin')
  requireNotDismissed(group)
  const wanted = await before(ctx, req)
  const { groupID: _same, ...given } = wanted
  const { notification, groupName, ...others } = withoutNulls(given)
  const set: GroupFields = {
    ...others,
    ...(groupName !== undefined && { groupName }),
    ...(notification !== undefined && {
      // OpenIM: removes the spaces at both ends. Here only a blank announcement becomes "", which removes it.
      notification: notification.trim() === '' ? '' : notification,
      notificationUpdateTime: ctx.now(),
      notificationUserID: ctx.caller.userID,
    }),
  }
  if (Object.keys(set).length === 0) return

  const base = { group: groupInfo({ ...group, ...set }), opUser: await shownCaller(ctx, groupID) }
  const notices: GroupNotification[] = [
    ...(notification === undefined ? [] : [groupNotification.announcementSet(base)]),
    ...(groupName === undefined ? [] : [groupNotification.nameSet(base)]),
    ...(Object.keys(others).length === 0 ? [] : [groupNotification.infoSet(base)]),
  ]
  await submitGroupChange(ctx, { groupID, actor, set, notices })
  await after(ctx, wanted)
}

/** The older form of the call: "" leaves a field as it is. */
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
