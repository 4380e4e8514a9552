import type { z } from 'zod'
import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext, Context } from '../../runtime/context.ts'
import { sendAfterWebhook } from '../../webhook/after.ts'
import { usersByID } from '../user/get-users-info.ts'
import { existingUsers } from './access.ts'
import { NO_VERSION, noteRelation, tell } from './announce.ts'
import type { ImportFriendReq } from './schema.ts'
import { befriend } from './store/friends.ts'
import { HandleResult } from './store/requests.ts'
import { beforeImportFriends } from './webhooks.ts'
import { friendRequestInfo } from './wire.ts'

/** OpenIM's number for friendships that an administrator made. */
const SOURCE_IMPORT = 1

/** So many friends are announced before the call is answered; more are left to the queue, so many to a job. */
const MAX_AT_ONCE = 100

const MAX_PARALLEL = 16

/** Makes friends of the owner and each of the others, without asking anybody. Repeating it changes nothing. */
export async function importFriends(ctx: CallerContext, req: z.output<typeof ImportFriendReq>): Promise<void> {
  await requireFit(ctx, req)
  const { ownerUserID, friendUserIDs } = await beforeImportFriends(ctx, req)
  if (friendUserIDs !== req.friendUserIDs) await requireFit(ctx, { ownerUserID, friendUserIDs })
  await befriend(ctx.db, ownerUserID, friendUserIDs, {
    createTime: ctx.now(),
    addSource: SOURCE_IMPORT,
    operatorUserID: ctx.caller.userID,
  })
  await announce(ctx, { ownerUserID, friendUserIDs })
  await sendAfterWebhook(ctx, 'afterImportFriends', { ownerUserID, friendUserIDs })
}

interface Import {
  ownerUserID: string
  friendUserIDs: readonly string[]
}

async function requireFit(ctx: CallerContext, { ownerUserID, friendUserIDs }: Import): Promise<void> {
  if (friendUserIDs.includes(ownerUserID)) throw ImError.cannotAddYourself(`${ownerUserID} is among its own friends`)
  await existingUsers(ctx, [ownerUserID, ...friendUserIDs])
}

async function announce(ctx: CallerContext, { ownerUserID, friendUserIDs }: Import): Promise<void> {
  if (friendUserIDs.length <= MAX_AT_ONCE) return announceImport(ctx, { ownerUserID, friendUserIDs })
  const { operationID } = ctx
  for (let i = 0; i < friendUserIDs.length; i += MAX_AT_ONCE) {
    const part = friendUserIDs.slice(i, i + MAX_AT_ONCE)
    await ctx.enqueue({ kind: 'friends-imported', operationID, ownerUserID, friendUserIDs: part })
  }
}

/** What has to be known of an import beside the lists: to the conversations, and to the people. */
export async function announceImport(ctx: Context, { ownerUserID, friendUserIDs }: Import): Promise<void> {
  // First what may fail and then is done again; being told twice would put a second line into the chat.
  await inParallel(friendUserIDs, MAX_PARALLEL, (friendUserID) => noteRelation(ctx, ownerUserID, friendUserID))
  const users = await usersByID(ctx, [ownerUserID, ...friendUserIDs])
  const now = ctx.now()
  await inParallel(friendUserIDs, MAX_PARALLEL, async (friendUserID) => {
    const [from, to] = [users.get(ownerUserID), users.get(friendUserID)]
    if (!from || !to) return
    const fromToUserID = { fromUserID: ownerUserID, toUserID: friendUserID }
    // OpenIM: there was no request, so it sends none, and then the wasm SDK goes deaf. Here is one as if there was.
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
    await tell(ctx, NotificationKinds.friendApplicationApproved, toUser(friendUserID, ownerUserID), {
      fromToUserID,
      handleMsg: '',
      ...NO_VERSION,
      request: friendRequestInfo({ request, from, to }),
    })
  })
}
