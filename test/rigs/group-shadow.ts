import { expect } from 'vitest'
import type { GroupInfo, GroupMemberFullInfo } from '../../src/features/group/schema.ts'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { GroupRole } from '../../src/protocol/constants/group.ts'
import type { MsgData } from '../../src/protocol/proto/index.ts'
import { Device, post, register, until, userToken } from './rig.ts'

/*
 * The check of `shadow.ts` for joined groups and their members. A device that stayed online and applied each
 * notification by the SDKs' version rule must have the same data as one that fetches everything now.
 */

/** A group notification that a device got. */
export interface GroupNotification {
  contentType: number
  conversationID: string
  from: string
  to: string
  seq: number
  operationID: string
  senderNickname: string
  senderFaceURL: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the tips hold
  detail: any
}

type Members = Record<string, GroupMemberFullInfo>

interface Version {
  version: number
  versionID: string
}

/** A client's copy of one group. */
interface Followed {
  members: Members
  order: string[]
  version: Version
}

/** The groups and members that a client shows. */
export interface GroupsKnown {
  groups: Record<string, GroupInfo>
  members: Record<string, Members>
  /** The roles in the order of each member list. UserIDs are left out: members who join together are unordered. */
  roles: Record<string, number[]>
}

/** The changes of a member list in a notification. */
interface Tips {
  groupID: string
  version: Version
  deleted?: GroupMemberFullInfo[]
  updated?: GroupMemberFullInfo[]
  inserted?: GroupMemberFullInfo[]
  group?: GroupInfo
  reordered?: boolean
}

const NEVER: Version = { version: 0, versionID: '' }
const PAGE = 100

/** A device that keeps its user's groups in sync by notifications. */
export class GroupShadow {
  readonly userID: string
  readonly token: string
  readonly device: Device
  /** How often a notification could not be applied, so that the device asked the server instead. */
  asked = 0
  #groups: Record<string, GroupInfo> = {}
  #joined = NEVER
  /** Kept when the user leaves a group, and used again when the user returns. */
  readonly #followed = new Map<string, Followed>()
  #applied = 0

  constructor(userID: string, token: string, device: Device) {
    this.userID = userID
    this.token = token
    this.device = device
  }

  static async online(userID: string): Promise<GroupShadow> {
    const token = await userToken(userID)
    const shadow = new GroupShadow(userID, token, await Device.connect(userID, { token }))
    await shadow.#syncAll()
    return shadow
  }

  /** Makes a REST call as this user. */
  call(verb: string, body: object) {
    return post(`/group/${verb}`, body, this.token)
  }

  /**
   * The group notifications that the device has got, without their copies in chats. A sender gets one copy for each
   * receiver; clients drop those whose uuid they know, and so does this.
   */
  notifications(contentType?: number): GroupNotification[] {
    const seen = new Set<string>()
    return this.#notifications().filter((notification) => {
      if (!isWanted(notification, contentType) || !notification.conversationID.startsWith('n_')) return false
      const { uuid } = notification.detail
      if (uuid === undefined) return true
      return !seen.has(uuid) && seen.add(uuid)
    })
  }

  /** The copies of notifications in chats. */
  inChat(contentType?: number): GroupNotification[] {
    return this.#notifications().filter((one) => isWanted(one, contentType) && !one.conversationID.startsWith('n_'))
  }

  /** Applies the notifications that have arrived, and returns the groups. */
  async known(): Promise<GroupsKnown> {
    const notifications = this.notifications()
    for (; this.#applied < notifications.length; this.#applied++) {
      const next = notifications[this.#applied]
      if (next) await this.#apply(next)
    }
    return this.#state()
  }

  /** The groups of a client that starts empty and fetches everything. */
  async fresh(): Promise<GroupsKnown> {
    const fresh = new GroupShadow(this.userID, this.token, this.device)
    await fresh.#syncAll()
    return fresh.#state()
  }

  #notifications(): GroupNotification[] {
    return this.device.pushes.flatMap(({ operationID, messages }) =>
      [messages.msgs, messages.notificationMsgs].flatMap((logs) =>
        Object.entries(logs).flatMap(([conversationID, log]) =>
          log.Msgs.filter(({ contentType }) => contentType > 1500 && contentType < 1599).map((msg) =>
            toNotification(conversationID, operationID, msg),
          ),
        ),
      ),
    )
  }

  #state(): GroupsKnown {
    const known: GroupsKnown = { groups: this.#groups, members: {}, roles: {} }
    for (const groupID of Object.keys(this.#groups)) {
      const { members, order } = this.#follow(groupID)
      known.members[groupID] = members
      known.roles[groupID] = order.map((userID) => members[userID]?.roleLevel ?? 0)
    }
    return known
  }

  #follow(groupID: string): Followed {
    const known = this.#followed.get(groupID)
    if (known) return known
    const followed: Followed = { members: {}, order: [], version: NEVER }
    this.#followed.set(groupID, followed)
    return followed
  }

  async #apply({ contentType, detail }: GroupNotification): Promise<void> {
    const groupID: string = detail.group?.groupID
    const version = { version: detail.groupMemberVersion, versionID: detail.groupMemberVersionID }
    const tips = { groupID, version }
    const { group } = detail
    switch (contentType) {
      case ContentType.GroupCreatedNotification:
        await this.#syncGroups()
        return this.#syncMembers(groupID)
      case ContentType.MemberQuitNotification:
        if (detail.quitUser.userID === this.userID) return this.#syncGroups()
        return this.#take({ ...tips, group, deleted: [detail.quitUser] })
      case ContentType.MemberKickedNotification:
        if (this.#isAmong(detail.kickedUserList)) return this.#syncGroups()
        return this.#take({ ...tips, group, deleted: detail.kickedUserList })
      case ContentType.MemberInvitedNotification:
        return this.#takeNewcomers({ ...tips, group, inserted: detail.invitedUserList })
      case ContentType.MemberEnterNotification:
        return this.#takeNewcomers({ ...tips, group, inserted: [detail.entrantUser] })
      case ContentType.GroupOwnerTransferredNotification:
        return this.#take({
          ...{ ...tips, group, reordered: true },
          updated: [detail.newGroupOwner, detail.oldGroupOwnerInfo],
        })
      case ContentType.GroupDismissedNotification:
        return this.#syncGroups()
      case ContentType.GroupMemberMutedNotification:
      case ContentType.GroupMemberCancelMutedNotification:
        return this.#take({ ...tips, updated: [detail.mutedUser] })
      case ContentType.GroupMemberInfoSetNotification:
      case ContentType.GroupMemberSetToAdminNotification:
      case ContentType.GroupMemberSetToOrdinaryUserNotification:
        return this.#take({ ...tips, updated: [detail.changedUser], reordered: detail.groupSortVersion > 0 })
      case ContentType.GroupInfoSetNotification:
      case ContentType.GroupMutedNotification:
      case ContentType.GroupCancelMutedNotification:
      case ContentType.GroupInfoSetAnnouncementNotification:
      case ContentType.GroupInfoSetNameNotification:
        return this.#take({ ...tips, group })
    }
  }

  #isAmong(members: GroupMemberFullInfo[]): boolean {
    return members.some(({ userID }) => userID === this.userID)
  }

  async #takeNewcomers(tips: Tips): Promise<void> {
    if (!this.#isAmong(tips.inserted ?? [])) return this.#take(tips)
    await this.#syncGroups()
    await this.#syncMembers(tips.groupID)
  }

  /** The SDKs' version rule: apply the next version, drop an older one, and ask the server after a gap. */
  async #take(tips: Tips): Promise<void> {
    const followed = this.#follow(tips.groupID)
    const { version, versionID } = tips.version
    if (versionID === followed.version.versionID && version <= followed.version.version) return
    if (versionID !== followed.version.versionID || version !== followed.version.version + 1) {
      this.asked++
      return this.#syncMembers(tips.groupID)
    }
    const deleted = (tips.deleted ?? []).map(({ userID }) => userID)
    this.#merge(followed, [...(tips.inserted ?? []), ...(tips.updated ?? [])], deleted)
    if (tips.group) this.#groups[tips.groupID] = tips.group
    if (tips.reordered) followed.order = await this.#memberIDs(tips.groupID)
    followed.version = tips.version
  }

  #merge(followed: Followed, changed: GroupMemberFullInfo[], deleted: string[]): void {
    const { members } = followed
    for (const member of changed) {
      if (!members[member.userID]) followed.order.push(member.userID)
      members[member.userID] = member
    }
    for (const userID of deleted) delete members[userID]
    followed.order = followed.order.filter((userID) => members[userID])
  }

  async #syncAll(): Promise<void> {
    await this.#syncGroups()
    for (const groupID of Object.keys(this.#groups)) await this.#syncMembers(groupID)
  }

  async #syncGroups(): Promise<void> {
    const { data } = await this.call('get_incremental_join_groups', { userID: this.userID, ...this.#joined })
    if (data.full) {
      const groups = await this.#pages<GroupInfo>('get_joined_group_list', 'groups', { fromUserID: this.userID })
      this.#groups = Object.fromEntries(groups.map((group) => [group.groupID, group]))
    }
    for (const group of changedIn<GroupInfo>(data)) this.#groups[group.groupID] = group
    for (const groupID of data.delete ?? []) delete this.#groups[groupID]
    this.#joined = { version: data.version, versionID: data.versionID }
  }

  async #syncMembers(groupID: string): Promise<void> {
    const followed = this.#follow(groupID)
    const reqList = [{ groupID, ...followed.version }]
    const reply = await this.call('get_incremental_group_members_batch', { userID: this.userID, reqList })
    const answer = reply.data?.respList[groupID]
    // A former member, and a member of a dismissed group, get no answer and keep their copy.
    if (!answer) return
    if (answer.full) {
      const members = await this.#pages<GroupMemberFullInfo>('get_group_member_list', 'members', { groupID })
      followed.members = Object.fromEntries(members.map((member) => [member.userID, member]))
    } else {
      this.#merge(followed, changedIn(answer), answer.delete ?? [])
    }
    if (answer.group) this.#groups[groupID] = answer.group
    if (answer.full || answer.sortVersion > 0) followed.order = await this.#memberIDs(groupID)
    followed.version = { version: answer.version, versionID: answer.versionID }
  }

  async #memberIDs(groupID: string): Promise<string[]> {
    return (await this.call('get_full_group_member_user_ids', { groupID, idHash: 0 })).data.userIDs
  }

  async #pages<Row>(verb: string, field: string, body: object): Promise<Row[]> {
    const rows: Row[] = []
    for (let pageNumber = 1; ; pageNumber++) {
      const { data } = await this.call(verb, { ...body, pagination: { pageNumber, showNumber: PAGE } })
      rows.push(...data[field])
      if (data[field].length < PAGE) return rows
    }
  }
}

/** The inserted and updated rows of a delta; an empty list may be null. */
function changedIn<Row>({ insert, update }: { insert: Row[] | null; update: Row[] | null }): Row[] {
  return [...(insert ?? []), ...(update ?? [])]
}

function toNotification(conversationID: string, operationID: string, msg: MsgData): GroupNotification {
  const { contentType, senderNickname, senderFaceURL } = msg
  const { detail } = JSON.parse(new TextDecoder().decode(msg.content))
  return {
    ...{ contentType, conversationID, operationID, senderNickname, senderFaceURL },
    ...{ from: msg.sendID, to: msg.recvID, seq: Number(msg.seq), detail: JSON.parse(detail) },
  }
}

function isWanted(notification: GroupNotification, contentType: number | undefined): boolean {
  return contentType === undefined || notification.contentType === contentType
}

/** Waits until each online device has the same groups as a client that fetches everything; fails after a timeout. */
export async function expectSameGroupsAsFresh(...online: GroupShadow[]): Promise<void> {
  for (const shadow of online) {
    let fresh = sorted(await shadow.fresh())
    const isSame = async () => {
      // Fetched again each time, because a job may still change the groups.
      fresh = sorted(await shadow.fresh())
      return JSON.stringify(sorted(await shadow.known())) === JSON.stringify(fresh)
    }
    await until(isSame).catch(async () =>
      expect({ of: shadow.userID, ...sorted(await shadow.known()) }).toEqual({ of: shadow.userID, ...fresh }),
    )
    for (const roles of Object.values(fresh.roles)) expect(roles).toEqual(roles.toSorted((a, b) => b - a))
    for (const [groupID, members] of Object.entries(fresh.members)) {
      expect(fresh.groups[groupID]?.memberCount).toBe(Object.keys(members).length)
      const owners = Object.values(members).filter(({ roleLevel }) => roleLevel === GroupRole.Owner)
      expect(owners.map(({ userID }) => userID)).toEqual([fresh.groups[groupID]?.ownerUserID])
    }
  }
}

function sorted({ groups, members, roles }: GroupsKnown): GroupsKnown {
  const byKey = <T>(record: Record<string, T>) =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
  const inOrder = <T extends object>(row: T): T => byKey({ ...row } as Record<string, unknown>) as T
  const rows = <T extends object>(record: Record<string, T>) =>
    byKey(Object.fromEntries(Object.entries(record).map(([key, row]) => [key, inOrder(row)])))
  return {
    groups: rows(groups),
    members: byKey(Object.fromEntries(Object.entries(members).map(([groupID, of]) => [groupID, rows(of)]))),
    roles: byKey(roles),
  }
}

let next = 0

/** Registers new users, and connects one device for each. */
export async function cast<Name extends string>(...names: Name[]): Promise<Record<Name, GroupShadow>> {
  const round = next++
  const userIDs = names.map((name) => `${name}_${round}`)
  await register(...userIDs)
  const shadows = await Promise.all(userIDs.map((userID) => GroupShadow.online(userID)))
  return Object.fromEntries(names.map((name, i) => [name, shadows[i]])) as Record<Name, GroupShadow>
}

/** Creates a group by REST, and waits until every member has the notification. */
export async function createTestGroup(
  owner: GroupShadow,
  { admins = [], members = [], info = {} }: { admins?: GroupShadow[]; members?: GroupShadow[]; info?: object },
): Promise<string> {
  const reply = await owner.call('create_group', {
    ownerUserID: owner.userID,
    adminUserIDs: admins.map(({ userID }) => userID),
    memberUserIDs: members.map(({ userID }) => userID),
    groupInfo: { groupName: 'The group', groupType: 2, ...info },
  })
  if (reply.errCode !== 0) throw new Error(`no group: ${JSON.stringify(reply)}`)
  const { groupID } = reply.data.groupInfo
  const isNotified = (shadow: GroupShadow) =>
    shadow.notifications(ContentType.GroupCreatedNotification).some(({ detail }) => detail.group.groupID === groupID)
  await until(() => [owner, ...admins, ...members].every(isNotified))
  return groupID
}

/**
 * Waits until each receiver has `count` notifications of a content type, and checks that the others have none.
 * @returns the first receiver's newest notification
 */
export async function expectNotified(
  contentType: number,
  receivers: GroupShadow[],
  others: GroupShadow[] = [],
  count = 1,
): Promise<GroupNotification> {
  await until(() => receivers.every((shadow) => shadow.notifications(contentType).length >= count)).catch(() => {})
  await waitForStrayPushes()
  const counts = (shadows: GroupShadow[]) =>
    shadows.map((shadow) => [shadow.userID, shadow.notifications(contentType).length])
  expect(counts(receivers)).toEqual(receivers.map(({ userID }) => [userID, count]))
  expect(counts(others)).toEqual(others.map(({ userID }) => [userID, 0]))
  return receivers[0]?.notifications(contentType).at(-1) as GroupNotification
}

/** Waits long enough for a push that must not arrive. */
export function waitForStrayPushes(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60))
}
