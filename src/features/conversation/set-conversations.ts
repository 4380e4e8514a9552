import type { z } from 'zod'
import type { ConversationChange } from '../../contracts/user.ts'
import { toSelf, toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { singleConversationID } from '../../protocol/conversation-id.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { noSuchUser } from '../user/access.ts'
import { usersByID } from '../user/get-users-info.ts'
import type { SetConversationsReq } from './schema.ts'

/** The most owners whose settings are changed at the same time. */
const MAX_PARALLEL = 16

type Given = z.output<typeof SetConversationsReq>['conversation']

/** Changes the owners' settings of a conversation. The devices of each owner are notified if a value changed. */
export async function setConversations(
  ctx: CallerContext,
  { userIDs, conversation }: z.output<typeof SetConversationsReq>,
): Promise<void> {
  for (const userID of userIDs) requireSelfOrAdmin(ctx, userID)
  requirePeer(conversation)
  const change = changeOf(conversation)
  const owners = [...new Set(userIDs)]
  if (isMirrored(change)) await requirePairs(ctx, owners, change)
  await inParallel(owners, MAX_PARALLEL, async (userID) => {
    await setFor(ctx, userID, change)
    if (isMirrored(change)) await mirrorPrivateChat(ctx, userID, change)
  })
}

type Mirrored = ConversationChange & { isPrivateChat: boolean }

/** Whether the peer gets the same setting. */
function isMirrored(change: ConversationChange): change is Mirrored {
  return change.isPrivateChat !== undefined && change.conversationType === SessionType.Single
}

/**
 * Checks a setting that the peer gets too. The conversation must be the one-to-one chat of owner and peer, and all of
 * these users must exist: otherwise the notification in the chat could not be written, so no setting is changed.
 * @throws ImError 1001 for another conversation, 1004 for a user who is not registered
 */
async function requirePairs(ctx: CallerContext, owners: string[], change: ConversationChange): Promise<void> {
  const { conversationID, userID: peerUserID } = change
  const otherOwner = owners.find((userID) => singleConversationID(userID, peerUserID) !== conversationID)
  if (otherOwner !== undefined) {
    throw ImError.args(`${conversationID} is not the conversation of ${otherOwner} and ${peerUserID}`)
  }
  const users = await usersByID(ctx, [...owners, peerUserID])
  const missing = [...owners, peerUserID].find((userID) => !users.has(userID))
  if (missing !== undefined) throw noSuchUser(missing)
}

async function setFor(ctx: CallerContext, ownerUserID: string, change: ConversationChange): Promise<boolean> {
  const changed = await ctx.user(ownerUserID).setConversation(change)
  if (!changed) return false
  const detail = { userID: ownerUserID, conversationIDList: [change.conversationID] }
  await notify(ctx, NotificationKinds.conversationChange, toSelf(ownerUserID), detail)
  return true
}

/** Sets the peer's flag too, because a private chat is private for both users. Both see a notification in the chat. */
async function mirrorPrivateChat(ctx: CallerContext, ownerUserID: string, change: Mirrored): Promise<void> {
  const { isPrivateChat, conversationID, userID: peerUserID } = change
  const changed = await setFor(ctx, peerUserID, {
    conversationID,
    conversationType: change.conversationType,
    userID: ownerUserID,
    groupID: '',
    isPrivateChat,
  })
  if (!changed) return
  const detail = { recvID: peerUserID, sendID: ownerUserID, isPrivate: isPrivateChat, conversationID }
  await notify(ctx, NotificationKinds.conversationPrivateChat, toUser(ownerUserID, peerUserID), detail)
}

function requirePeer({ conversationType, userID, groupID }: Given): void {
  if (conversationType === SessionType.Single && userID === '') {
    throw ImError.args('a one-to-one conversation needs a userID')
  }
  if (conversationType === SessionType.Group && groupID === '') {
    throw ImError.args('a group conversation needs a groupID')
  }
}

/** OpenIM: a field that is null or absent keeps its value. */
function changeOf(given: Given): ConversationChange {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null),
  ) as unknown as ConversationChange
}
