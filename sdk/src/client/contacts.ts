import { Value } from './observable.ts'
import type { Rest } from './rest.ts'
import type { Rows } from './store/rows.ts'
import type { Application, Friend, Group, GroupMember, User } from './types.ts'

/** The server's largest page. */
const PAGE = 1_000

interface WireFriend {
  remark: string
  /** In seconds. */
  createTime: number
  friendUser: User | null
  ex: string
  isPinned: boolean
}

interface FriendsDelta {
  version: number
  versionID: string
  full: boolean
  delete: string[] | null
  insert: WireFriend[] | null
  update: WireFriend[] | null
}

interface WireFriendRequest {
  fromUserID: string
  fromNickname: string
  fromFaceURL: string
  toUserID: string
  handleResult: number
  reqMsg: string
  handleMsg: string
  createTime: number
  ex: string
}

interface WireJoinRequest {
  userInfo: User | null
  groupInfo: Group | null
  handleResult: number
  reqMsg: string
  handleMsg: string
  reqTime: number
}

interface KnownFriends {
  version: number
  versionID: string
  friends: Friend[]
}

/** This user's profile, friends, groups and what waits for an answer. */
export class Contacts {
  readonly self = new Value<User | undefined>(undefined)
  readonly friends = new Value<readonly Friend[]>([])
  readonly blockedUsers = new Value<readonly User[]>([])
  readonly applications = new Value<readonly Application[]>([])
  readonly groups = new Value<readonly Group[]>([])
  readonly #rest: Rest
  readonly #db: Rows
  readonly #selfID: string
  #friendsVersion = { version: 0, versionID: '' }
  #remarks = new Map<string, string>()

  constructor(rest: Rest, db: Rows, selfID: string) {
    this.#rest = rest
    this.#db = db
    this.#selfID = selfID
  }

  remarkOf(userID: string): string {
    return this.#remarks.get(userID) ?? ''
  }

  async restore(): Promise<void> {
    const [self, known, blocked, applications, groups] = await Promise.all([
      this.#db.get<User>('state', 'self'),
      this.#db.get<KnownFriends>('state', 'friends'),
      this.#db.get<User[]>('state', 'blockedUsers'),
      this.#db.get<Application[]>('state', 'applications'),
      this.#db.get<Group[]>('state', 'groups'),
    ])
    if (self) this.self.set(self)
    if (known) this.#setFriends(known)
    if (blocked) this.blockedUsers.set(blocked)
    if (applications) this.applications.set(applications)
    if (groups) this.groups.set(groups)
  }

  async sync(): Promise<void> {
    await Promise.all([
      this.syncSelf(),
      this.syncFriends(),
      this.syncBlocked(),
      this.syncApplications(),
      this.syncGroups(),
    ])
  }

  async syncSelf(): Promise<void> {
    const [self] = await this.users([this.#selfID])
    if (!self) return
    this.self.set(self)
    this.#db.put({ table: 'state', key: 'self', value: self })
  }

  async users(userIDs: readonly string[]): Promise<User[]> {
    if (userIDs.length === 0) return []
    const { usersInfo } = await this.#rest.call<{ usersInfo: User[] | null }>('/user/get_users_info', { userIDs })
    return (usersInfo ?? []).map(userFrom)
  }

  async syncFriends(): Promise<void> {
    const userID = this.#selfID
    const request = { userID, ...this.#friendsVersion }
    const delta = await this.#rest.call<FriendsDelta>('/friend/get_incremental_friends', request)
    const { version, versionID } = delta
    if (delta.full) {
      const list = await this.#pages<WireFriend>('/friend/get_friend_list', { userID }, 'friendsInfo')
      return this.#setFriends({ version, versionID, friends: list.flatMap(friendFrom) })
    }
    const changed = [...(delta.insert ?? []), ...(delta.update ?? [])].flatMap(friendFrom)
    const gone = new Set([...(delta.delete ?? []), ...changed.map((friend) => friend.userID)])
    if (gone.size === 0) return
    const kept = this.friends.get().filter((friend) => !gone.has(friend.userID))
    this.#setFriends({ version, versionID, friends: [...kept, ...changed] })
  }

  async syncBlocked(): Promise<void> {
    const request = { userID: this.#selfID }
    const blacks = await this.#pages<{ blackUserInfo: User | null }>('/friend/get_black_list', request, 'blacks')
    this.#keep(
      'blockedUsers',
      this.blockedUsers,
      blacks.flatMap(({ blackUserInfo }) => toUser(blackUserInfo)),
    )
  }

  async syncApplications(): Promise<void> {
    const userID = this.#selfID
    const open = { handleResults: [0] }
    const [friends, joins] = await Promise.all([
      this.#pages<WireFriendRequest>('/friend/get_friend_apply_list', { userID, ...open }, 'FriendRequests'),
      this.#pages<WireJoinRequest>(
        '/group/get_recv_group_applicationList',
        { fromUserID: userID, groupIDs: [], ...open },
        'groupRequests',
      ),
    ])
    const applications = [...friends.map(friendApplication), ...joins.flatMap(joinApplication)]
    applications.sort((a, b) => b.createTime - a.createTime)
    this.#keep('applications', this.applications, applications)
  }

  /** All groups: the server's log of joined groups does not contain changes of a group's name or settings. */
  async syncGroups(): Promise<void> {
    const request = { fromUserID: this.#selfID }
    const groups = await this.#pages<Group>('/group/get_joined_group_list', request, 'groups')
    this.#keep('groups', this.groups, groups.map(groupFrom))
  }

  /** Takes over a group from a notice, if this user is a member. */
  applyGroup(group: Group): void {
    const groups = this.groups.get()
    if (!groups.some(({ groupID }) => groupID === group.groupID)) return
    this.#keep(
      'groups',
      this.groups,
      groups.map((known) => (known.groupID === group.groupID ? groupFrom(group) : known)),
    )
  }

  async members(groupID: string, page: { offset: number; count: number; keyword?: string }): Promise<GroupMember[]> {
    const { offset, count, keyword = '' } = page
    // The server counts in pages: an offset inside a page needs two of them.
    const first = Math.floor(offset / count) + 1
    const pageNumbers = offset % count === 0 ? [first] : [first, first + 1]
    const pages = await Promise.all(
      pageNumbers.map(async (pageNumber) => {
        const pagination = { pageNumber, showNumber: count }
        const request = { groupID, pagination, filter: 0, keyword }
        const answer = await this.#rest.call<{ members: GroupMember[] | null }>('/group/get_group_member_list', request)
        return answer.members ?? []
      }),
    )
    return pages
      .flat()
      .slice(offset % count)
      .slice(0, count)
      .map(memberFrom)
  }

  async #pages<T>(path: string, request: object, key: string): Promise<T[]> {
    const rows: T[] = []
    for (let pageNumber = 1; ; pageNumber++) {
      const pagination = { pageNumber, showNumber: PAGE }
      const answer = await this.#rest.call<Record<string, T[] | null>>(path, { ...request, pagination })
      const page = answer[key] ?? []
      rows.push(...page)
      if (page.length < PAGE) return rows
    }
  }

  #setFriends({ version, versionID, friends }: KnownFriends): void {
    this.#friendsVersion = { version, versionID }
    this.#remarks = new Map(friends.map(({ userID, remark }) => [userID, remark]))
    friends.sort((a, b) => Number(b.isPinned) - Number(a.isPinned) || a.createTime - b.createTime)
    this.friends.set(friends)
    this.#db.put({ table: 'state', key: 'friends', value: { version, versionID, friends } satisfies KnownFriends })
  }

  #keep<T>(key: string, value: Value<T>, now: T): void {
    value.set(now)
    this.#db.put({ table: 'state', key, value: now })
  }
}

function userFrom({ userID, nickname, faceURL, ex }: User): User {
  return { userID, nickname, faceURL, ex }
}

function toUser(user: User | null): User[] {
  return user ? [userFrom(user)] : []
}

function friendFrom({ remark, createTime, friendUser, ex, isPinned }: WireFriend): Friend[] {
  return friendUser ? [{ ...userFrom(friendUser), remark, isPinned, createTime: createTime * 1000, ex }] : []
}

/** OpenIM's fields of a group that this client shows. */
export function groupFrom(group: Group): Group {
  const { groupID, groupName, faceURL, introduction, notification, ownerUserID, memberCount, status } = group
  const { needVerification, lookMemberInfo, applyMemberFriend, ex } = group
  return {
    ...{ groupID, groupName, faceURL, introduction, notification, ownerUserID, memberCount, status },
    ...{ needVerification, lookMemberInfo, applyMemberFriend, ex },
  }
}

function memberFrom(member: GroupMember): GroupMember {
  const { groupID, roleLevel, muteEndTime, joinTime } = member
  return { ...userFrom(member), groupID, roleLevel, muteEndTime, joinTime }
}

function friendApplication(request: WireFriendRequest): Application {
  const { fromUserID, fromNickname, fromFaceURL, toUserID, handleResult, reqMsg, handleMsg, createTime, ex } = request
  return {
    from: { userID: fromUserID, nickname: fromNickname, faceURL: fromFaceURL, ex },
    ...{ toUserID, group: undefined, message: reqMsg, handleResult, handleMessage: handleMsg, createTime },
  }
}

function joinApplication(request: WireJoinRequest): Application[] {
  const { userInfo, groupInfo, handleResult, reqMsg, handleMsg, reqTime } = request
  if (!userInfo || !groupInfo) return []
  const state = { message: reqMsg, handleResult, handleMessage: handleMsg, createTime: reqTime }
  return [{ from: userFrom(userInfo), toUserID: '', group: groupFrom(groupInfo), ...state }]
}
