import { MINUTE_MS } from '../../../platform/durations.ts'
import type { SelfDestruct } from '../state/self-destructs.ts'
import type { UserCore } from '../user-core.ts'
import { notifyConversationsChanged } from './notify-own-devices.ts'

/*
 * Self-destructing messages: `msgDestructTime` seconds after a message was sent, it ends for the user who set that. The
 * alarm hides it and notifies the devices; a read that comes before the alarm hides it, too.
 */

/** Messages that end within this time are hidden together: each alarm is billed. */
const MIN_INTERVAL_MS = 2_000

/** After a failure, the alarm tries again after this time. Each read tries at once. */
const RETRY_MS = MINUTE_MS

/** The object's alarm: hides the messages whose time is over, and sets the next alarm. */
export async function runSelfDestruct(user: UserCore): Promise<void> {
  await hideExpired(user)
  await setNextAlarm(user)
}

/** Follows a changed setting of a conversation. */
export async function updateSelfDestruct(user: UserCore, conversationID: string): Promise<void> {
  const [row] = user.conversations.list([conversationID])
  if (row?.isMsgDestruct && row.msgDestructTime > 0) {
    user.selfDestructs.set({ conversationID, seconds: row.msgDestructTime, due: 0 })
    await resumeDelivery(user, conversationID)
  } else if (user.selfDestructs.get(conversationID)) {
    user.selfDestructs.delete(conversationID)
  } else {
    return
  }
  await runSelfDestruct(user)
}

/** Makes a conversation deliver that skips this user, because the alarm needs each delivery. */
async function resumeDelivery(user: UserCore, conversationID: string): Promise<void> {
  const cursor = user.cursors.find(conversationID)
  const newest = Number.MAX_SAFE_INTEGER
  if (cursor) await user.conversation(cursor.home).state(user.userID, { chat: newest, notification: newest })
}

/** Notes a new message of a conversation, if the owner lets its messages end and no older one is left. */
export function noteForSelfDestruct(user: UserCore, conversationID: string, sendTime: number): void {
  const setting = user.selfDestructs.get(conversationID)
  if (!setting || setting.due !== null) return
  user.selfDestructs.set({ ...setting, due: sendTime + setting.seconds * 1000 })
  user.waitUntil(setNextAlarm(user))
}

/** Hides the messages whose time is over. Calls run one after the other, so that each returns when all are hidden. */
export function hideExpired(user: UserCore): Promise<void> {
  const { selfDestructs } = user
  if (selfDestructs.all().length === 0) return Promise.resolve()
  const hidden = user.expiredHidden.then(async () => {
    const now = user.now()
    const due = selfDestructs.all().filter((setting) => isDue(user, setting, now))
    const changed: string[] = []
    for (const setting of due) if (await hideExpiredOf(user, setting, now)) changed.push(setting.conversationID)
    if (changed.length > 0) notifyConversationsChanged(user, changed, now)
  })
  user.expiredHidden = hidden.catch(() => {})
  return hidden
}

/** A relay does not report the messages that arrive while the user is offline, so such a group is always asked. */
function isDue(user: UserCore, { conversationID, due }: SelfDestruct, now: number): boolean {
  if (due !== null) return due <= now
  return (user.cursors.find(conversationID)?.relay ?? '') !== ''
}

/** @returns whether messages were hidden */
async function hideExpiredOf(user: UserCore, setting: SelfDestruct, now: number): Promise<boolean> {
  const { conversationID, seconds } = setting
  const cursor = user.cursors.find(conversationID)
  // A message that arrives during the question sets `due` again.
  user.selfDestructs.set({ ...setting, due: null })
  if (!cursor) return false
  const lifeMs = seconds * 1000
  let dueNext: number | null
  let isHidden = false
  try {
    const first = await user.conversation(cursor.home).firstSentAfter(now - lifeMs, Math.max(1, cursor.minSeq))
    isHidden = first.seq > Math.max(1, cursor.minSeq) && user.cursors.raiseMinSeq(conversationID, first.seq)
    if (isHidden) user.conversations.setLatestMsgDestructTime(conversationID, now)
    dueNext = first.sendTime === null ? null : first.sendTime + lifeMs
  } catch (error) {
    user.log.error('self-destruction of messages failed', error, { conversationID })
    dueNext = now + RETRY_MS
  }
  // The owner may have changed the setting meanwhile.
  const current = user.selfDestructs.get(conversationID)
  if (dueNext !== null && current?.seconds === seconds && current.due !== 0) {
    user.selfDestructs.set({ ...current, due: Math.min(dueNext, current.due ?? dueNext) })
  }
  return isHidden
}

async function setNextAlarm(user: UserCore): Promise<void> {
  const due = user.selfDestructs.all().flatMap((setting) => setting.due ?? [])
  await user.setAlarm(due.length === 0 ? null : Math.max(Math.min(...due), user.now() + MIN_INTERVAL_MS))
}
