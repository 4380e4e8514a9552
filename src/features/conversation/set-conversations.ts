import type { z } from 'zod'
import { toSelf, toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import type { ConversationChange } from '../../platform/rpc.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { ImError } from '../../protocol/errors.ts'
import type { SetConversationsReq } from './schema.ts'

type Given = z.output<typeof SetConversationsReq>['conversation']

/** Changes what owners have set about a conversation; each owner's devices are told what is different. */
export async function setConversations(
  ctx: CallerContext,
  { userIDs, conversation }: z.output<typeof SetConversationsReq>,
): Promise<void> {
  for (const userID of userIDs) requireSelfOrAdmin(ctx, userID)
  requirePeer(conversation)
  const change = changeOf(conversation)
  for (const userID of new Set(userIDs)) {
    await setFor(ctx, userID, change)
    await mirrorPrivateChat(ctx, userID, change)
  }
}

async function setFor(ctx: CallerContext, ownerUserID: string, change: ConversationChange): Promise<boolean> {
  const changed = await ctx.user(ownerUserID).setConversation(change)
  if (!changed) return false
  const detail = { userID: ownerUserID, conversationIDList: [change.conversationID] }
  await notify(ctx, NotificationKinds.conversationChange, toSelf(ownerUserID), detail)
  return true
}

/** A private chat is private on both sides: the peer's flag follows, and both see a line about it in the chat. */
async function mirrorPrivateChat(ctx: CallerContext, ownerUserID: string, change: ConversationChange): Promise<void> {
  const { isPrivateChat, conversationID, userID: peerUserID } = change
  if (isPrivateChat === undefined || change.conversationType !== SessionType.Single) return
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
    throw ImError.args('a conversation with a user needs a userID')
  }
  if (conversationType === SessionType.Group && groupID === '') {
    throw ImError.args('a conversation of a group needs a groupID')
  }
}

/** OpenIM: null and absent leave a field as it is. */
function changeOf(given: Given): ConversationChange {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== null),
  ) as unknown as ConversationChange
}
