import type { z } from 'zod'
import type { MessageQuery } from '../../../contracts/conversation.ts'
import { ContentType } from '../../../protocol/constants/content-type.ts'
import { SessionType } from '../../../protocol/constants/session-type.ts'
import {
  groupConversationID,
  notificationAccountConversationID,
  singleConversationID,
} from '../../../protocol/conversation-id.ts'
import { MsgData } from '../../../protocol/proto/index.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import { type Pagination, pageWindow } from '../../../runtime/openim-json.ts'
import { groupsByID } from '../../group/lists/list-groups.ts'
import type { GroupInfo } from '../../group/schema.ts'
import { usersByID } from '../../user/get-users-info.ts'
import type { UserInfo } from '../../user/schema.ts'
import type { SearchChatLog, SearchMsgReq } from '../schema.ts'
import { inDirectory, inList, type Place, type WalkLimits, walk } from './walk.ts'

/*
 * A search walks through conversations and down each log; `docs/search.md` tells what that costs. One call does a
 * bounded part of the walk: what fits into a Worker's limits on calls, and into a second or two.
 */

/** On the free plan a Worker calls objects a thousand times at most, the page's among them. */
const LIMITS: WalkLimits = { atOnce: 16, messagesPerStep: 2_000, steps: 750, scanned: 200_000 }

const DAY_MS = 86_400_000

const PREFIXES: Readonly<Record<number, string>> = {
  [SessionType.Single]: 'si_',
  [SessionType.Group]: 'sg_',
  [SessionType.Notification]: 'sn_',
}

interface SearchResp {
  chatLogs: SearchChatLog[]
  chatLogsNum: number
  /** Ours: there is more to search; the same call with this goes on there. */
  continuation?: string
}

/**
 * Messages of all conversations by sender, receiver, kind, day and words, newest first. When the walk was too long for
 * one call, the answer is exact for the part that was walked, and says where the rest begins.
 *
 * OpenIM lets any user search everybody's messages; here it takes an administrator. OpenIM answers in the order of
 * its storage and leaves out what notification accounts wrote.
 */
export async function searchMsg(
  ctx: CallerContext,
  req: z.output<typeof SearchMsgReq>,
  limits: WalkLimits = LIMITS,
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
  const places = await placesOf(ctx, req)
  const hits: Hit[] = []
  const continuation = await walk(places, req.continuation, limits, async (id, below, limit) => {
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

/** Where the messages can be. Objects are not asked on suspicion: one that is asked for the first time begins to exist. */
async function placesOf(
  ctx: Context,
  { sendID, recvID, sessionType }: Pick<z.output<typeof SearchMsgReq>, 'sendID' | 'recvID' | 'sessionType'>,
): Promise<Place[]> {
  const prefix = sessionType === 0 ? '' : PREFIXES[sessionType]
  if (prefix === undefined) return []
  const wanted = (id: string) => id.startsWith(prefix)
  if (sendID === '' && recvID === '') return [inDirectory(ctx, { prefix, userID: '' })]
  const [users, groups] = await Promise.all([usersByID(ctx, [sendID, recvID]), groupsByID(ctx, [recvID])])
  const homes = async (userID: string) => (users.has(userID) ? ctx.user(userID).conversationHomes() : [])
  if (recvID !== '') {
    const theirs = (await homes(recvID)).filter((id) => !id.startsWith('sg_'))
    const pair = [singleConversationID(sendID, recvID), notificationAccountConversationID(sendID, recvID)]
    const group = groups.has(recvID) ? [groupConversationID(recvID)] : []
    return [inList([...theirs.filter((id) => sendID === '' || pair.includes(id)), ...group].filter(wanted))]
  }
  // A notification account keeps no list of those it wrote to.
  const own = inList((await homes(sendID)).filter((id) => !id.startsWith('sn_')).filter(wanted))
  return wanted('sn_') ? [own, inDirectory(ctx, { prefix: 'sn_', userID: sendID })] : [own]
}

interface Hit {
  id: string
  seq: number
  sendTime: number
}

/** One page of what was found, newest first. */
async function page(ctx: Context, hits: Hit[], pagination: Pagination): Promise<SearchChatLog[]> {
  hits.sort((a, b) => b.sendTime - a.sendTime || (a.id === b.id ? b.seq - a.seq : a.id < b.id ? -1 : 1))
  const { offset, limit } = pageWindow(pagination)
  const shown = hits.slice(offset, offset + limit)
  const messages = new Map<string, MsgData>()
  await Promise.all(
    [...Map.groupBy(shown, (hit) => hit.id)].map(async ([id, of]) => {
      const stored = await ctx.conversation(id).stored(of.map((hit) => hit.seq))
      for (const { seq, msg } of stored) messages.set(keyOf({ id, seq }), MsgData.decode(msg))
    }),
  )
  // A message that was erased this very moment is left out.
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
      // OpenIM: with a group the receiver is the group, and the sender's face is the group's.
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
      content: new TextDecoder().decode(msg.content),
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
