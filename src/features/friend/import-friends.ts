import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import { Pace } from '../../platform/concurrency/pace.ts'
import { FriendSource } from '../../protocol/constants/friend.ts'
import { HandleResult } from '../../protocol/constants/handle-result.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { derivedID, messageID } from '../../runtime/ids.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { usersByID } from '../user/get-users-info.ts'
import { existingUsers } from './access.ts'
import { NO_VERSION } from './notify-relation.ts'
import type { ImportFriendReq } from './schema.ts'
import { befriend } from './store/friends.ts'
import { beforeImportFriends } from './webhooks.ts'
import { friendRequestInfo } from './wire.ts'

const kind = NotificationKinds.friendApplicationApproved

/** The most friends that are announced before the reply. For more, the reply does not wait: queue jobs announce them. */
const MAX_ANNOUNCED_AT_ONCE = 5

/** The most friends that one queue job announces. */
const MAX_ANNOUNCED_PER_JOB = 100

/** The most friends that are announced at the same time. Each may need two new objects. */
const MAX_PARALLEL = 4

/** Makes the owner and each of the users friends, without a request. Repeating the call changes nothing. */
export async function importFriends(ctx: CallerContext, req: z.output<typeof ImportFriendReq>): Promise<void> {
  await checkImport(ctx, req)
  const { ownerUserID, friendUserIDs } = await beforeImportFriends(ctx, req)
  if (friendUserIDs !== req.friendUserIDs) await checkImport(ctx, { ownerUserID, friendUserIDs })
  await befriend(ctx.db, ownerUserID, friendUserIDs, {
    createTime: ctx.now(),
    addSource: FriendSource.Import,
    operatorUserID: ctx.caller.userID,
  })
  await announce(ctx, { ownerUserID, friendUserIDs })
  await sendAfterWebhook(ctx, 'afterImportFriends', { ownerUserID, friendUserIDs })
}

interface Import {
  ownerUserID: string
  friendUserIDs: readonly string[]
}

async function checkImport(ctx: CallerContext, { ownerUserID, friendUserIDs }: Import): Promise<void> {
  if (friendUserIDs.includes(ownerUserID))
    throw ImError.cannotAddYourself(`${ownerUserID} cannot be its own friend: friendUserIDs contains it`)
  await existingUsers(ctx, [ownerUserID, ...friendUserIDs])
}

async function announce(ctx: CallerContext, { ownerUserID, friendUserIDs }: Import): Promise<void> {
  const importID = messageID()
  if (friendUserIDs.length <= MAX_ANNOUNCED_AT_ONCE)
    return announceImport(ctx, { ownerUserID, friendUserIDs, importID })
  const { operationID } = ctx
  for (let i = 0; i < friendUserIDs.length; i += MAX_ANNOUNCED_PER_JOB) {
    const part = friendUserIDs.slice(i, i + MAX_ANNOUNCED_PER_JOB)
    await ctx.enqueue({ kind: 'friends-imported', operationID, ownerUserID, friendUserIDs: part, importID })
  }
}

/**
 * Does the work of an import after the lists are written: refreshes the relations in the conversations and notifies the
 * users. For more than a few friends it runs as the queue job `friends-imported`. Repeating it with the same importID adds
 * no second line to a chat.
 * @param isListed whether the directory has the conversations
 */
export async function announceImport(
  ctx: Context,
  { ownerUserID, friendUserIDs, importID, isListed = false }: Import & { importID: string; isListed?: boolean },
): Promise<void> {
  const users = await usersByID(ctx, [ownerUserID, ...friendUserIDs])
  const now = ctx.now()
  const pace = new Pace(MAX_PARALLEL)
  const announceOne = async (friendUserID: string) => {
    const [from, to] = [users.get(ownerUserID), users.get(friendUserID)]
    if (!from || !to) return
    const fromToUserID = { fromUserID: ownerUserID, toUserID: friendUserID }
    // OpenIM: the notification has no request, because none was made; then the wasm SDK stops handling notifications.
    // So a request is made up here.
    const request = {
      ...fromToUserID,
      handleResult: HandleResult.Agreed,
      reqMsg: '',
      createTime: now,
      handlerUserID: friendUserID,
      handleMsg: '',
      handleTime: now,
      ex: '',
    }
    const detail = { fromToUserID, handleMsg: '', ...NO_VERSION, request: friendRequestInfo({ request, from, to }) }
    const route = toUser(friendUserID, ownerUserID)
    const clientMsgID = importID === '' ? messageID() : derivedID(importID, ownerUserID, friendUserID)
    try {
      await notify(ctx, kind, route, detail, { clientMsgID, changedRelation: { isListed } })
    } catch (error) {
      // The conversation has the relation, and refuses only the notification. Any other error repeats the call or the job.
      if (!(error instanceof ImError)) throw error
      ctx.log.error('notification of a changed relation failed', error, { contentType: kind.contentType, ...route })
    }
  }
  await Promise.all(friendUserIDs.map((friendUserID) => pace.run(() => announceOne(friendUserID))))
}
