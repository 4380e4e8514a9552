import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { FriendSource } from '../../protocol/constants/friend.ts'
import { HandleResult } from '../../protocol/constants/handle-result.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { usersByID } from '../user/get-users-info.ts'
import { existingUsers } from './access.ts'
import { refreshRelation } from './change-relation.ts'
import { NO_VERSION, notifyRelation } from './notify-relation.ts'
import type { ImportFriendReq } from './schema.ts'
import { befriend } from './store/friends.ts'
import { beforeImportFriends } from './webhooks.ts'
import { friendRequestInfo } from './wire.ts'

/** The most friends that are announced before the reply; for more, each queue job announces that many. */
const MAX_ANNOUNCED_AT_ONCE = 100

/** The most conversations, and then the most friends, that are notified at the same time. */
const MAX_PARALLEL = 16

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
  if (friendUserIDs.length <= MAX_ANNOUNCED_AT_ONCE) return announceImport(ctx, { ownerUserID, friendUserIDs })
  const { operationID } = ctx
  for (let i = 0; i < friendUserIDs.length; i += MAX_ANNOUNCED_AT_ONCE) {
    const part = friendUserIDs.slice(i, i + MAX_ANNOUNCED_AT_ONCE)
    await ctx.enqueue({ kind: 'friends-imported', operationID, ownerUserID, friendUserIDs: part })
  }
}

/**
 * Does the work of an import after the lists are written: refreshes the relations in the conversations and notifies the
 * users. Large imports run it as the queue job `friends-imported`.
 */
export async function announceImport(ctx: Context, { ownerUserID, friendUserIDs }: Import): Promise<void> {
  // The conversations first: if they fail, all of it is repeated. A repeated notification would add a second line to
  // the chat.
  await inParallel(friendUserIDs, MAX_PARALLEL, (friendUserID) => refreshRelation(ctx, ownerUserID, friendUserID))
  const users = await usersByID(ctx, [ownerUserID, ...friendUserIDs])
  const now = ctx.now()
  await inParallel(friendUserIDs, MAX_PARALLEL, async (friendUserID) => {
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
    await notifyRelation(ctx, NotificationKinds.friendApplicationApproved, toUser(friendUserID, ownerUserID), {
      fromToUserID,
      handleMsg: '',
      ...NO_VERSION,
      request: friendRequestInfo({ request, from, to }),
    })
  })
}
