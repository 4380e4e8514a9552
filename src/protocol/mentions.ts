import { ContentType } from './constants/content-type.ts'

/** OpenIM's values of `groupAtType`: why a group's conversation asks for its owner's attention. */
const GroupAtType = { None: 0, Me: 1, All: 2, AllAndMe: 3, Announcement: 4 } as const

/** Stands for all members in the `atUserIDList` of a message. */
const AT_ALL_TAG = 'AtAllTag'

/** At most this many named members of one message are mentioned; the SDKs let users name ten. */
const MAX_NAMED = 1_000

/** The members of a group that one message mentions, without its sender. */
export interface Mentioned {
  /** The `groupAtType` of all members that are not named; 0 = they are not mentioned. */
  everyone: number
  /** The `groupAtType` of the named members. */
  named: number
  userIDs: string[]
}

/** Whether messages of this contentType may mention members; no other message is decoded to find out. */
export function mayMention(contentType: number): boolean {
  return contentType === ContentType.AtText || contentType === ContentType.GroupInfoSetAnnouncementNotification
}

/** The members that a message of a group's chat mentions; null when it mentions no member. */
export function mentionedBy(msg: {
  contentType: number
  sendID: string
  atUserIDList: readonly string[]
}): Mentioned | null {
  if (msg.contentType === ContentType.GroupInfoSetAnnouncementNotification) {
    return { everyone: GroupAtType.Announcement, named: GroupAtType.Announcement, userIDs: [] }
  }
  if (msg.contentType !== ContentType.AtText) return null
  const isAll = msg.atUserIDList.includes(AT_ALL_TAG)
  const named = new Set(msg.atUserIDList.filter((userID) => userID !== AT_ALL_TAG && userID !== msg.sendID))
  if (!isAll && named.size === 0) return null
  return {
    everyone: isAll ? GroupAtType.All : GroupAtType.None,
    named: isAll ? GroupAtType.AllAndMe : GroupAtType.Me,
    userIDs: [...named].slice(0, MAX_NAMED),
  }
}

/** The `groupAtType` that a message gives to one member. */
export function groupAtTypeFor(mentioned: Mentioned, sendID: string, userID: string): number {
  if (userID === sendID) return GroupAtType.None
  return mentioned.userIDs.includes(userID) ? mentioned.named : mentioned.everyone
}
