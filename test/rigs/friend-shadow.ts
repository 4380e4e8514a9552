import { expect } from 'vitest'
import type { BlackInfo, FriendInfo } from '../../src/features/friend/schema.ts'
import { ContentType } from '../../src/protocol/constants/content-type.ts'
import { Device, post, register, until, userToken } from './rig.ts'

/*
 * The check of `shadow.ts` for the lists of friends and blocked users. A device that stayed online and reacted to
 * notifications as the SDKs do must have the same lists as a device that fetches them now.
 */

/** A notification that a device got. */
export interface FriendNotification {
  contentType: number
  conversationID: string
  from: string
  to: string
  seq: number
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the tips hold
  detail: any
}

/** A device's notifications about friends, requests and blocked users, in order, without the copies in chats. */
function relationNotifications(device: Device): FriendNotification[] {
  return device.received().flatMap(({ conversationID, msg }) => {
    const { contentType } = msg
    if (!conversationID.startsWith('n_') || contentType < 1200 || contentType > 1299) return []
    const detail = JSON.parse(JSON.parse(new TextDecoder().decode(msg.content)).detail)
    return [{ contentType, conversationID, from: msg.sendID, to: msg.recvID, seq: Number(msg.seq), detail }]
  })
}

interface Lists {
  friends: Record<string, FriendInfo>
  order: string[]
  blacks: Record<string, BlackInfo>
  blacksByVersion: Record<string, BlackInfo>
}

const NEVER = { version: 0, versionID: '' }
const ALL = { pagination: { pageNumber: 1, showNumber: 1_000 } }

/** A device that keeps its user's lists in sync by notifications. */
export class FriendShadow {
  readonly userID: string
  readonly token: string
  readonly device: Device
  #lists: Lists = { friends: {}, order: [], blacks: {}, blacksByVersion: {} }
  #friendVersion = NEVER
  #blackVersion = NEVER
  #applied = 0

  constructor(userID: string, token: string, device: Device) {
    this.userID = userID
    this.token = token
    this.device = device
  }

  static async online(userID: string): Promise<FriendShadow> {
    const token = await userToken(userID)
    const shadow = new FriendShadow(userID, token, await Device.connect(userID, { token }))
    await shadow.#syncFriends()
    await shadow.#syncBlacks()
    return shadow
  }

  /** Makes a REST call as this user. */
  call(verb: string, body: object) {
    return post(`/friend/${verb}`, body, this.token)
  }

  /** The notifications that the device has got. */
  notifications(): FriendNotification[] {
    return relationNotifications(this.device)
  }

  notificationsOf(contentType: number): FriendNotification[] {
    return this.notifications().filter((notification) => notification.contentType === contentType)
  }

  /** Applies the notifications that have arrived, and returns the lists. */
  async known(): Promise<Lists> {
    const notifications = this.notifications()
    for (; this.#applied < notifications.length; this.#applied++) {
      const next = notifications[this.#applied]
      if (next) await this.#apply(next)
    }
    return this.#lists
  }

  /** The lists of a client that starts empty and fetches everything. */
  async fresh(): Promise<Lists> {
    const fresh = new FriendShadow(this.userID, this.token, this.device)
    await fresh.#syncFriends()
    await fresh.#syncBlacks()
    return fresh.#lists
  }

  async #apply({ contentType, detail }: FriendNotification): Promise<void> {
    const isFrom = detail.fromToUserID?.fromUserID === this.userID
    const isTo = detail.fromToUserID?.toUserID === this.userID
    switch (contentType) {
      case ContentType.FriendApplicationApprovedNotification:
        if (isFrom || isTo) await this.#syncFriends()
        break
      case ContentType.FriendDeletedNotification:
      case ContentType.FriendRemarkSetNotification:
        if (isFrom) await this.#syncFriends()
        break
      case ContentType.FriendsInfoUpdateNotification:
        if (isTo) await this.#syncFriends()
        break
      case ContentType.BlackAddedNotification:
      case ContentType.BlackDeletedNotification:
        if (isFrom) await this.#syncBlacks()
        break
    }
  }

  async #syncFriends(): Promise<void> {
    const { data } = await this.call('get_incremental_friends', { userID: this.userID, ...this.#friendVersion })
    if (data.full) {
      const all = await this.call('get_friend_list', { userID: this.userID, ...ALL })
      this.#lists.friends = byID(all.data.friendsInfo, (row: FriendInfo) => row.friendUser.userID)
    }
    for (const row of [...(data.insert ?? []), ...(data.update ?? [])] as FriendInfo[]) {
      if (!this.#lists.friends[row.friendUser.userID]) this.#lists.order.push(row.friendUser.userID)
      this.#lists.friends[row.friendUser.userID] = row
    }
    for (const userID of data.delete ?? []) delete this.#lists.friends[userID]
    this.#lists.order = this.#lists.order.filter((userID) => this.#lists.friends[userID])
    if (data.full || data.sortVersion > 0) {
      const ids = await this.call('get_full_friend_user_ids', { userID: this.userID, idHash: 0 })
      this.#lists.order = ids.data.userIDs
    }
    this.#friendVersion = { version: data.version, versionID: data.versionID }
  }

  /** Reads the list twice: completely, as the SDKs do, and by version. */
  async #syncBlacks(): Promise<void> {
    const all = await this.call('get_black_list', { userID: this.userID, ...ALL })
    this.#lists.blacks = byID(all.data.blacks, (row: BlackInfo) => row.blackUserInfo.userID)
    const { data } = await this.call('get_incremental_blacks', { userID: this.userID, ...this.#blackVersion })
    if (data.full) this.#lists.blacksByVersion = { ...this.#lists.blacks }
    for (const row of [...(data.insert ?? []), ...(data.update ?? [])] as BlackInfo[]) {
      this.#lists.blacksByVersion[row.blackUserInfo.userID] = row
    }
    for (const userID of data.delete ?? []) delete this.#lists.blacksByVersion[userID]
    this.#blackVersion = { version: data.version, versionID: data.versionID }
  }
}

function byID<Row>(rows: Row[], idOf: (row: Row) => string): Record<string, Row> {
  return Object.fromEntries(rows.map((row) => [idOf(row), row]))
}

/** Waits until each online device has the same lists as a client that fetches everything; fails after a timeout. */
export async function expectSameListsAsFresh(...online: FriendShadow[]): Promise<void> {
  for (const shadow of online) {
    let fresh = sorted(await shadow.fresh())
    const isSame = async () => {
      // Fetched again each time, because a job may still change the lists.
      fresh = sorted(await shadow.fresh())
      return JSON.stringify(sorted(await shadow.known())) === JSON.stringify(fresh)
    }
    await until(isSame).catch(async () => expect(sorted(await shadow.known())).toEqual(fresh))
    expect(Object.keys(fresh.friends).sort()).toEqual([...fresh.order].sort())
    expect(fresh.blacksByVersion).toEqual(fresh.blacks)
  }
}

function sorted({ friends, order, blacks, blacksByVersion }: Lists): Lists {
  const byKey = <T>(record: Record<string, T>) =>
    Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
  return { friends: byKey(friends), order, blacks: byKey(blacks), blacksByVersion: byKey(blacksByVersion) }
}

let next = 0

/** Registers new users, and connects one device for each. */
export async function cast<Name extends string>(...names: Name[]): Promise<FriendShadow[]> {
  const round = next++
  const userIDs = names.map((name) => `${name}_${round}`)
  await register(...userIDs)
  return Promise.all(userIDs.map((userID) => FriendShadow.online(userID)))
}

/** Waits long enough for a push that must not arrive. */
export function waitForStrayPushes(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60))
}
