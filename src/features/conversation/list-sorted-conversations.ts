import type { z } from 'zod'
import type { ConversationRow, SeqView } from '../../contracts/user.ts'
import { MsgData } from '../../protocol/proto/index.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { groupsByID } from '../group/lists/list-groups.ts'
import { usersByID } from '../user/get-users-info.ts'
import type { GetSortedConversationListReq } from './schema.ts'

/** `conversation.MsgInfo` on the wire, with OpenIM's capital letters. */
interface MsgInfo {
  serverMsgID: string
  clientMsgID: string
  sessionType: number
  sendID: string
  recvID: string
  senderName: string
  faceURL: string
  groupID: string
  groupName: string
  groupFaceURL: string
  groupType: number
  groupMemberCount: number
  LatestMsgRecvTime: number
  msgFrom: number
  contentType: number
  content: string
  ex: string
}

export interface SortedConversationElem {
  conversationID: string
  recvMsgOpt: number
  unreadCount: number
  IsPinned: boolean
  msgInfo: MsgInfo
}

/** Returns a page of conversations with their last messages: pinned ones first, then the most recent. */
export async function getSortedConversationList(
  ctx: CallerContext,
  { userID, conversationIDs, pagination }: z.output<typeof GetSortedConversationListReq>,
): Promise<{ conversationTotal: number; unreadTotal: number; conversationElems: SortedConversationElem[] }> {
  requireSelfOrAdmin(ctx, userID)
  const wanted = conversationIDs.length > 0 ? conversationIDs : null
  const [rows, views] = await Promise.all([ctx.user(userID).conversations(wanted), ctx.user(userID).seqViews(wanted)])
  const byID = new Map(rows.map((row) => [row.conversationID, row]))
  const sorted = views
    .flatMap((view) => {
      const row = byID.get(view.conversationID)
      return row ? [{ row, view }] : []
    })
    .sort((a, b) => Number(b.row.isPinned) - Number(a.row.isPinned) || b.view.maxSeqTime - a.view.maxSeqTime)
  const { offset, limit } = pageWindow(pagination)
  return {
    conversationTotal: sorted.length,
    unreadTotal: sorted.reduce((sum, { view }) => sum + unreadOf(view), 0),
    conversationElems: await elementsOf(ctx, userID, sorted.slice(offset, offset + limit)),
  }
}

async function elementsOf(
  ctx: CallerContext,
  userID: string,
  shown: { row: ConversationRow; view: SeqView }[],
): Promise<SortedConversationElem[]> {
  const last = await ctx.user(userID).lastMessages(shown.map(({ row }) => row.conversationID))
  const messages = new Map(last.map(({ conversationID, msg }) => [conversationID, MsgData.decode(msg)]))
  const [users, groups] = await Promise.all([
    usersByID(
      ctx,
      shown.map(({ row }) => row.userID).filter((id) => id !== ''),
    ),
    groupsByID(
      ctx,
      shown.map(({ row }) => row.groupID).filter((id) => id !== ''),
    ),
  ])
  return shown.map(({ row, view }) => {
    const msg = messages.get(row.conversationID) ?? MsgData.create()
    const group = groups.get(row.groupID)
    const peer = users.get(row.userID)
    return {
      conversationID: row.conversationID,
      recvMsgOpt: row.recvMsgOpt,
      unreadCount: unreadOf(view),
      IsPinned: row.isPinned,
      msgInfo: {
        serverMsgID: msg.serverMsgID,
        clientMsgID: msg.clientMsgID,
        sessionType: row.conversationType,
        sendID: msg.sendID,
        recvID: msg.recvID,
        // OpenIM: in a one-to-one chat this is the peer, also when the owner sent the last message.
        senderName: peer?.nickname ?? msg.senderNickname,
        faceURL: peer?.faceURL ?? msg.senderFaceURL,
        groupID: row.groupID,
        groupName: group?.groupName ?? '',
        groupFaceURL: group?.faceURL ?? '',
        groupType: group?.groupType ?? 0,
        groupMemberCount: group?.memberCount ?? 0,
        LatestMsgRecvTime: msg.sendTime,
        msgFrom: msg.msgFrom,
        contentType: msg.contentType,
        content: new TextDecoder().decode(msg.content),
        ex: msg.ex,
      },
    }
  })
}

function unreadOf(view: SeqView): number {
  return Math.max(0, view.maxSeq - view.hasReadSeq)
}
