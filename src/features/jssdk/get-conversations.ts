import type { z } from 'zod'
import type { ConversationRow, SeqView } from '../../contracts/user.ts'
import type { ConversationMsg, GetActiveConversationsResp } from '../../protocol/proto/index.ts'
import { MsgData } from '../../protocol/proto/index.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { ownFriendsByID } from '../friend/list-friends.ts'
import { groupsByID } from '../group/lists/list-groups.ts'
import { usersByID } from '../user/get-users-info.ts'
import type { GetActiveConversationsReq, GetJsSdkConversationsReq } from './schema.ts'

const DEFAULT_COUNT = 100
const MAX_COUNT = 500

/** Answers the conversation list of the pure-JS SDK: the most recent conversations with the data that a list shows. */
export async function getActiveConversations(
  ctx: CallerContext,
  { count }: z.output<typeof GetActiveConversationsReq>,
): Promise<GetActiveConversationsResp> {
  const views = await ctx.user(ctx.caller.userID).seqViews(null)
  const rows = await rowsOf(ctx, views)
  const limit = count <= 0 || count > MAX_COUNT ? DEFAULT_COUNT : count
  const newest = views
    .filter((view) => rows.has(view.conversationID) && view.maxSeq > 0)
    .sort((a, b) => pinned(rows, b) - pinned(rows, a) || b.maxSeqTime - a.maxSeqTime)
    .slice(0, limit)
  const conversations = await withDetails(ctx, newest, rows)
  return {
    unreadCount: unreadCount(views),
    // OpenIM: a conversation without a message is left out.
    conversations: conversations.filter((conversation) => conversation.lastMsg),
  }
}

/**
 * The same for given conversationIDs. All that the caller has are answered, with or without a message: the SDK needs
 * them.
 */
export async function getJsSdkConversations(
  ctx: CallerContext,
  { conversationIDs }: z.output<typeof GetJsSdkConversationsReq>,
): Promise<GetActiveConversationsResp> {
  const views = await ctx.user(ctx.caller.userID).seqViews(conversationIDs)
  const rows = await rowsOf(ctx, views)
  return { unreadCount: unreadCount(views), conversations: await withDetails(ctx, views, rows) }
}

async function rowsOf(ctx: CallerContext, views: SeqView[]): Promise<Map<string, ConversationRow>> {
  const rows = await ctx.user(ctx.caller.userID).conversations(views.map((view) => view.conversationID))
  return new Map(rows.map((row) => [row.conversationID, row]))
}

async function withDetails(
  ctx: CallerContext,
  views: SeqView[],
  rows: ReadonlyMap<string, ConversationRow>,
): Promise<ConversationMsg[]> {
  const shown = views.flatMap((view) => {
    const conversation = rows.get(view.conversationID)
    return conversation ? [{ view, conversation }] : []
  })
  const peers = shown.map(({ conversation }) => conversation.userID).filter((userID) => userID !== '')
  const groupIDs = shown.map(({ conversation }) => conversation.groupID).filter((groupID) => groupID !== '')
  const [last, users, friends, groups] = await Promise.all([
    ctx.user(ctx.caller.userID).lastMessages(shown.map(({ view }) => view.conversationID)),
    usersByID(ctx, peers),
    ownFriendsByID(ctx, peers),
    groupsByID(ctx, groupIDs),
  ])
  const lastMsg = new Map(last.messages.map(({ conversationID, msg }) => [conversationID, MsgData.decode(msg)]))
  return shown.map(({ view, conversation }) => ({
    conversation,
    lastMsg: lastMsg.get(view.conversationID),
    user: users.get(conversation.userID),
    friend: friends.get(conversation.userID),
    group: groups.get(conversation.groupID),
    maxSeq: view.maxSeq,
    readSeq: view.hasReadSeq,
  }))
}

function pinned(rows: ReadonlyMap<string, ConversationRow>, view: SeqView): number {
  return rows.get(view.conversationID)?.isPinned ? 1 : 0
}

function unreadCount(views: SeqView[]): number {
  return views.reduce((sum, view) => sum + Math.max(0, view.maxSeq - view.hasReadSeq), 0)
}
