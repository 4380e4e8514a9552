import type { z } from 'zod'
import type { MessageQuery } from '../../../contracts/conversation.ts'
import { withinBudget } from '../../../platform/concurrency/within-budget.ts'
import { DAY_MS } from '../../../platform/durations.ts'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import {
  groupConversationID,
  notificationAccountConversationID,
  singleConversationID,
} from '../../../protocol/conversation-id.ts'
import { ImError } from '../../../protocol/errors.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import { decodeUtf8 } from '../../../protocol/utf8.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { type Pagination, pageWindow } from '../../../runtime/openim-json.ts'
import { groupsByID } from '../../group/lists/list-groups.ts'
import type { GroupInfo } from '../../group/schema.ts'
import { usersByID } from '../../user/get-users-info.ts'
import type { UserInfo } from '../../user/schema.ts'
import type { SearchChatLog, SearchMsgReq } from '../schema.ts'
import { type ConversationSource, fromDirectory, fromList, type ScanLimits, scanLogs } from './scan-logs.ts'

/*
 * A search has no index: it scans the logs of the conversations that can contain the messages. `docs/search.md`
 * describes the cost. One call scans a bounded part, see `scan-logs.ts`.
 */

/** A Worker on the free plan makes at most 1,000 object calls per request; fetching the page needs some of them. */
const LIMITS: ScanLimits = { maxParallel: 16, messagesPerStep: 2_000, maxSteps: 750, maxScanned: 200_000 }

/** The messages of one page, as they are stored. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024

/** How conversation IDs begin, by session type. */
const PREFIXES: Readonly<Record<number, string>> = {
  [SessionType.Single]: 'si_',
  [SessionType.Group]: 'sg_',
  [SessionType.Notification]: 'sn_',
}

interface SearchResp {
  chatLogs: SearchChatLog[]
  chatLogsNum: number
  /** Ours: present when the search is not complete; the same call with this value continues it. */
  continuation?: string
}

/**
 * Searches the messages of all conversations by sender, receiver, content type, day and text, newest first. When the
 * scan reaches its limits, the answer is exact for the scanned part and has a continuation for the rest.
 *
 * OpenIM: any user may search the messages of all users, the order is that of the storage, and messages of notification
 * accounts are left out. Here the caller must be an administrator.
 */
export async function searchMsg(
  ctx: CallerContext,
  req: z.output<typeof SearchMsgReq>,
  limits: ScanLimits = LIMITS,
): Promise<SearchResp> {
  const from = req.sendTime === '' ? 0 : Date.parse(req.sendTime)
  const query: MessageQuery = {
    sendID: req.sendID,
    recvID: req.recvID,
    contentType: req.contentType,
    from,
    to: from === 0 ? 0 : from + DAY_MS,
    text: req.text || req.content,
  }
  const sources = await sourcesOf(ctx, req)
  const hits: Hit[] = []
  const continuation = await scanLogs(sources, req.continuation, limits, async (id, below, limit) => {
    const found = await ctx.conversation(id).search(query, below, limit)
    for (const [i, seq] of found.seqs.entries()) hits.push({ id, seq, sendTime: found.sendTimes[i] as number })
    return found
  })
  return {
    chatLogs: await page(ctx, hits, req.pagination),
    chatLogsNum: hits.length,
    ...(continuation !== null && { continuation }),
  }
}

/**
 * Lists the conversations that can contain the messages. Only existing conversations are listed: the first call to a
 * ConversationObject creates it.
 */
async function sourcesOf(
  ctx: Context,
  { sendID, recvID, sessionType }: Pick<z.output<typeof SearchMsgReq>, 'sendID' | 'recvID' | 'sessionType'>,
): Promise<ConversationSource[]> {
  const prefix = sessionType === 0 ? '' : PREFIXES[sessionType]
  if (prefix === undefined) return []
  const hasPrefix = (id: string) => id.startsWith(prefix)
  if (sendID === '' && recvID === '') return [fromDirectory(ctx, { prefix, userID: '' })]
  const [users, groups] = await Promise.all([usersByID(ctx, [sendID, recvID]), groupsByID(ctx, [recvID])])
  const homes = async (userID: string) => (users.has(userID) ? ctx.user(userID).conversationHomes() : [])
  if (recvID !== '') {
    const ofReceiver = (await homes(recvID)).filter((id) => !id.startsWith('sg_'))
    const pair = [singleConversationID(sendID, recvID), notificationAccountConversationID(sendID, recvID)]
    const group = groups.has(recvID) ? [groupConversationID(recvID)] : []
    return [fromList([...ofReceiver.filter((id) => sendID === '' || pair.includes(id)), ...group].filter(hasPrefix))]
  }
  // The UserObject of a notification account has no list of its conversations, so they are read from the directory.
  const own = fromList((await homes(sendID)).filter((id) => !id.startsWith('sn_')).filter(hasPrefix))
  return hasPrefix('sn_') ? [own, fromDirectory(ctx, { prefix: 'sn_', userID: sendID })] : [own]
}

interface Hit {
  id: string
  seq: number
  sendTime: number
}

/** One page of the hits, newest first. */
async function page(ctx: Context, hits: Hit[], pagination: Pagination): Promise<SearchChatLog[]> {
  hits.sort((a, b) => b.sendTime - a.sendTime || (a.id === b.id ? b.seq - a.seq : a.id < b.id ? -1 : 1))
  const { offset, limit } = pageWindow(pagination)
  const shown = hits.slice(offset, offset + limit)
  const messages = new Map<string, MsgData>()
  const budget = { budget: MAX_PAGE_BYTES, maxParallel: LIMITS.maxParallel }
  const read = await withinBudget([...Map.groupBy(shown, (hit) => hit.id)], budget, async ([id, of]) => {
    const stored = await ctx.conversation(id).stored(of.map((hit) => hit.seq))
    for (const { seq, msg } of stored) messages.set(keyOf({ id, seq }), MsgData.decode(msg))
    return { result: true, cost: stored.reduce((sum, { msg }) => sum + msg.length, 0) }
  })
  if (read.includes(null))
    throw ImError.args('pagination: the messages of this page are too large; ask for a smaller page')
  // A message that was erased after the scan is left out.
  return withNames(
    ctx,
    shown.map((hit) => messages.get(keyOf(hit))).filter((msg) => msg !== undefined),
  )
}

const keyOf = ({ id, seq }: Pick<Hit, 'id' | 'seq'>) => `${id} ${seq}`

async function withNames(ctx: Context, messages: MsgData[]): Promise<SearchChatLog[]> {
  const userIDs = messages.flatMap((msg) => [msg.sendID, msg.recvID]).filter((userID) => userID !== '')
  const groupIDs = messages.map((msg) => msg.groupID).filter((groupID) => groupID !== '')
  const [users, groups] = await Promise.all([usersByID(ctx, userIDs), groupsByID(ctx, groupIDs)])
  return messages.map((msg) => searchChatLog(msg, users, groups))
}

function searchChatLog(
  msg: MsgData,
  users: ReadonlyMap<string, UserInfo>,
  groups: ReadonlyMap<string, GroupInfo>,
): SearchChatLog {
  const group = groups.get(msg.groupID)
  const inGroup = msg.groupID !== ''
  return {
    chatLog: {
      serverMsgID: msg.serverMsgID,
      clientMsgID: msg.clientMsgID,
      sendID: msg.sendID,
      // OpenIM: for a group message, recvID is the group and senderFaceURL is the group's.
      recvID: inGroup ? msg.groupID : msg.recvID,
      groupID: msg.groupID,
      recvNickname: inGroup ? '' : (users.get(msg.recvID)?.nickname ?? ''),
      senderPlatformID: msg.senderPlatformID,
      senderNickname: msg.senderNickname || (users.get(msg.sendID)?.nickname ?? ''),
      senderFaceURL: inGroup ? (group?.faceURL ?? '') : msg.senderFaceURL,
      groupName: group?.groupName ?? '',
      sessionType: msg.sessionType,
      msgFrom: msg.msgFrom,
      contentType: msg.contentType,
      content: decodeUtf8(msg.content),
      status: msg.status,
      sendTime: msg.sendTime,
      createTime: msg.createTime,
      ex: msg.ex,
      groupFaceURL: group?.faceURL ?? '',
      groupMemberCount: group?.memberCount ?? 0,
      seq: msg.seq,
      groupOwner: group?.ownerUserID ?? '',
      groupType: group?.groupType ?? 0,
    },
    isRevoked: msg.contentType === ContentType.MsgRevokeNotification,
  }
}
