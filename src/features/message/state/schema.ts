import { z } from 'zod'
import { bool, int32, list, message, pagination } from '../../../runtime/openim-json.ts'

/** A client that has more seqs should send a read position (`hasReadSeq`) instead. */
const MAX_SEQS = 10_000
/** Conversations that one call may name. */
const MAX_CONVERSATIONS = 1_000

const MAX_ID = 255

const id = () => z.string().min(1).max(MAX_ID)
const seq = () => z.int().min(1, { error: 'a seq is at least 1' })
const seqs = () => list(seq()).pipe(z.array(z.number()).max(MAX_SEQS))

/** OpenIM: these keys begin with capital letters on the wire. Here they match in any case. */
const deleteSyncOpt = () => message({ IsSyncSelf: bool(), IsSyncOther: bool() }).nullish()

export const MarkMsgsAsReadReq = message({
  conversationID: id(),
  userID: id(),
  seqs: seqs().refine((given) => given.length > 0, { error: 'it must not be empty' }),
})
export const MarkConversationAsReadReq = message({
  conversationID: id(),
  userID: id(),
  hasReadSeq: z.int().min(1, { error: 'a seq is at least 1' }),
  seqs: seqs(),
})
export const SetConversationHasReadSeqReq = message({
  conversationID: id(),
  userID: id(),
  hasReadSeq: z.int().min(1, { error: 'a seq is at least 1' }),
  noNotification: bool(),
})
/** Ours, for operators of the service. */
export const SetUserConversationMinSeqReq = message({ conversationID: id(), userID: id(), minSeq: seq() })
/** Ours. 0 = no bound. */
export const SetUserConversationMaxSeqReq = message({ conversationID: id(), userID: id(), maxSeq: z.int().min(0) })
/** Which members `get_group_message_readers` lists. */
export const ReadersFilter = { HasRead: 0, HasNotRead: 1 } as const

export const GetGroupMessageReadersReq = message({
  conversationID: id(),
  userID: id(),
  seq: seq(),
  filter: int32().pipe(z.int().min(ReadersFilter.HasRead).max(ReadersFilter.HasNotRead)),
  pagination: pagination(),
})
export const RevokeMsgReq = message({ conversationID: id(), userID: id(), seq: seq() })
export const DeleteMsgsReq = message({
  conversationID: id(),
  userID: id(),
  seqs: seqs().refine((given) => given.length > 0, { error: 'it must not be empty' }),
  deleteSyncOpt: deleteSyncOpt(),
})
export const DeleteMsgPhysicalBySeqReq = message({
  conversationID: id(),
  seqs: seqs().refine((given) => given.length > 0, { error: 'it must not be empty' }),
})
export const DeleteMsgPhysicalReq = message({
  conversationIDs: list(id()).pipe(z.array(z.string()).min(1).max(MAX_CONVERSATIONS)),
  /** Unix time in ms. */
  timestamp: z.int().min(1),
})
export const ClearConversationMsgReq = message({
  conversationIDs: list(id()).pipe(z.array(z.string()).min(1).max(MAX_CONVERSATIONS)),
  userID: id(),
  deleteSyncOpt: deleteSyncOpt(),
})
export const UserClearAllMsgReq = message({ userID: id(), deleteSyncOpt: deleteSyncOpt() })

export type DeleteSyncOpt = z.output<ReturnType<typeof deleteSyncOpt>>
