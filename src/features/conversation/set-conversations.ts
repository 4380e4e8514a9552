import type { z } from 'zod'
import type { ConversationChange } from '../../contracts/user.ts'
import { toSelf, toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import {
  groupConversationID,
  notificationAccountConversationID,
  singleConversationID,
} from '../../protocol/conversation-id.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { membersAmong } from '../group/access.ts'
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
  const change = changeOf(conversation)
  const owners = [...new Set(userIDs)]
  await requireOwn(ctx, owners, conversation, isMirrored(change))
  await inParallel(owners, MAX_PARALLEL, async (userID) => {
    await setFor(ctx, userID, change)
    if (isMirrored(change)) await mirrorPrivateChat(ctx, userID, change)
  })
}

/**
 * Checks that every owner has the conversation, or can have it: it is the owner's chat with a registered user, or with a
 * group of which the owner is a member. Otherwise the owner's list would get a conversation without messages.
 * @param isForPeer the peer gets the setting too, so the peer must be registered
 * @throws ImError 1001 for a conversation of others, 1002 for a group of others, 1004 for a user who is not registered
 */
async function requireOwn(ctx: CallerContext, owners: string[], given: Given, isForPeer: boolean): Promise<void> {
  const { conversationID, conversationType, userID: peerUserID, groupID } = given
  const other = owners.find((userID) => idOf(userID, given) !== conversationID)
  if (other !== undefined) {
    const partner = conversationType === SessionType.Group ? `group ${groupID}` : peerUserID
    throw ImError.args(`${conversationID} is not the conversation of ${other} and ${partner}`)
  }
  if (conversationType === SessionType.Group) {
    const members = await membersAmong(ctx, groupID, owners)
    const outsiders = owners.filter((userID) => !members.has(userID))
    await requireListed(ctx, outsiders, conversationID, (userID) =>
      ImError.noPermission(`${userID} is not a member of group ${groupID}`),
    )
    return
  }
  const users = await usersByID(ctx, [...owners, peerUserID])
  const missing = owners.find((userID) => !users.has(userID))
  if (missing !== undefined) throw noSuchUser(missing)
  if (users.has(peerUserID)) return
  if (isForPeer) throw noSuchUser(peerUserID)
  await requireListed(ctx, owners, conversationID, () => noSuchUser(peerUserID))
}

/** @throws the refusal unless each owner has the conversation in their list, as former members of a group do */
async function requireListed(
  ctx: CallerContext,
  owners: readonly string[],
  conversationID: string,
  refusal: (ownerUserID: string) => ImError,
): Promise<void> {
  await inParallel(owners, MAX_PARALLEL, async (userID) => {
    if ((await ctx.user(userID).conversations([conversationID])).length === 0) throw refusal(userID)
  })
}

/**
 * The ID of the conversation that the request describes, for one owner.
 * @throws ImError 1001 when the request names neither a user nor a group
 */
function idOf(ownerUserID: string, { conversationType, userID, groupID }: Given): string {
  if (conversationType === SessionType.Group) {
    if (groupID === '') throw ImError.args('a group conversation needs a groupID')
    return groupConversationID(groupID)
  }
  if (userID === '') throw ImError.args('the conversation with a user needs a userID')
  return conversationType === SessionType.Single
    ? singleConversationID(ownerUserID, userID)
    : notificationAccountConversationID(ownerUserID, userID)
}

/** Whether the peer gets the same setting. */
function isMirrored(change: ConversationChange): change is Mirrored {
  return change.isPrivateChat !== undefined && change.conversationType === SessionType.Single
}

type Mirrored = ConversationChange & { isPrivateChat: boolean }

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

/** OpenIM: a field that is null or absent keeps its value. */
function changeOf(given: Given): ConversationChange {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null),
  ) as unknown as ConversationChange
}
