import type { z } from 'zod'
import type { ConversationRow } from '../../contracts/user.ts'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type {
  GetAllConversationsReq,
  GetConversationReq,
  GetConversationsReq,
  GetNotNotifyConversationIDsReq,
  GetOwnerConversationReq,
  GetPinnedConversationIDsReq,
} from './schema.ts'

export async function getConversation(
  ctx: CallerContext,
  { ownerUserID, conversationID }: z.output<typeof GetConversationReq>,
): Promise<{ conversation: ConversationRow }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const [conversation] = await ctx.user(ownerUserID).conversations([conversationID])
  if (!conversation) throw ImError.notFound(`${ownerUserID} has no conversation ${conversationID}`)
  return { conversation }
}

/** Returns the given conversations; those that the owner does not have are left out. */
export async function getConversations(
  ctx: CallerContext,
  { ownerUserID, conversationIDs }: z.output<typeof GetConversationsReq>,
): Promise<{ conversations: ConversationRow[] }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  return { conversations: await ctx.user(ownerUserID).conversations(conversationIDs) }
}

export async function getAllConversations(
  ctx: CallerContext,
  { ownerUserID }: z.output<typeof GetAllConversationsReq>,
): Promise<{ conversations: ConversationRow[] }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  return { conversations: await ctx.user(ownerUserID).conversations(null) }
}

export async function getOwnerConversation(
  ctx: CallerContext,
  { userID, pagination }: z.output<typeof GetOwnerConversationReq>,
): Promise<{ total: number; conversations: ConversationRow[] }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await ctx.user(userID).conversationPage(pagination.pageNumber, pagination.showNumber)
  return { total, conversations: rows }
}

export async function getNotNotifyConversationIDs(
  ctx: CallerContext,
  { userID }: z.output<typeof GetNotNotifyConversationIDsReq>,
): Promise<{ conversationIDs: string[] }> {
  requireSelfOrAdmin(ctx, userID)
  return { conversationIDs: await ctx.user(userID).conversationIDsHaving('silent') }
}

export async function getPinnedConversationIDs(
  ctx: CallerContext,
  { userID }: z.output<typeof GetPinnedConversationIDsReq>,
): Promise<{ conversationIDs: string[] }> {
  requireSelfOrAdmin(ctx, userID)
  return { conversationIDs: await ctx.user(userID).conversationIDsHaving('pinned') }
}
