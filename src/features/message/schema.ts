import { z } from 'zod'
import { ContentType } from '../../protocol/constants/content-type.ts'
import { isPlatformID } from '../../protocol/constants/platform.ts'
import { SessionType } from '../../protocol/constants/session-type.ts'
import { messageID } from '../../runtime/ids.ts'
import { bool, int32, int64, list, message, pagination, str } from '../../runtime/openim-json.ts'
import { MAX_CLIENT_MSG_ID, MAX_SENDER_FACE_URL, MAX_SENDER_NICKNAME } from './limits.ts'

const MAX_ID = 255
/** About as many userIDs as a request body can hold; `isSendAll` sends to all users. */
const MAX_RECEIVERS = 20_000
const MAX_RANGES = 500
const MAX_CONVERSATIONS = 10_000
/** In the worst case every row of a page comes from another conversation, which costs an object call each. */
const MAX_SEARCH_PAGE = 200
const MAX_KEYWORD = 256

const id = () => z.string().min(1).max(MAX_ID)
const maybeID = () => str().pipe(z.string().max(MAX_ID))

const offlinePushInfo = () =>
  message({
    title: str(),
    desc: str(),
    ex: str(),
    iOSPushSound: str(),
    iOSBadgeCount: bool(),
    signalInfo: str(),
  }).nullish()

/** The content of a message as a backend writes it; `send/content.ts` checks its fields. */
export type Content = Record<string, unknown>

const content = (): z.ZodType<Content> =>
  z.record(z.string(), z.unknown()).refine((given) => Object.keys(given).length > 0, { error: 'it must not be empty' })

/** 0 = the backend names no platform. */
const senderPlatformID = () =>
  int32().refine((id) => id === 0 || isPlatformID(id), { error: 'it must be the number of a platform, or 0' })

/** Fields of every message that an app backend sends. */
const sendFields = {
  sendID: id(),
  groupID: maybeID(),
  senderNickname: str().pipe(z.string().max(MAX_SENDER_NICKNAME)),
  senderFaceURL: str().pipe(z.string().max(MAX_SENDER_FACE_URL)),
  senderPlatformID: senderPlatformID(),
  content: content(),
  contentType: z.int(),
  sessionType: z.int(),
  isOnlineOnly: bool(),
  notOfflinePush: bool(),
  sendTime: int64().pipe(z.int().min(0)),
  offlinePushInfo: offlinePushInfo(),
  ex: str(),
  /** Ours: the backend's own ID of the message. A repeated call with the same ID does not send a second message. */
  clientMsgID: str().pipe(z.string().max(MAX_CLIENT_MSG_ID)),
}

interface Addressed {
  contentType: number
  sessionType: number
  groupID: string
}

/** A message of type OANotification goes to a notification conversation, whatever sessionType the backend gives. */
export function sessionTypeOf({ contentType, sessionType }: Pick<Addressed, 'contentType' | 'sessionType'>): number {
  return contentType === ContentType.OANotification ? SessionType.Notification : sessionType
}

function checkAddress(given: Addressed & { recvID?: string }, check: z.core.$RefinementCtx): void {
  const sessionType = sessionTypeOf(given)
  const missing = (name: string) =>
    check.addIssue({ code: 'custom', path: [name], message: `it is needed with sessionType ${sessionType}` })
  if (sessionType === SessionType.Group) {
    if (given.groupID === '') missing('groupID')
  } else if (sessionType === SessionType.Single || given.contentType === ContentType.OANotification) {
    if (given.recvID === '') missing('recvID')
  } else {
    check.addIssue({ code: 'custom', path: ['sessionType'], message: 'it must be 1 or 3' })
  }
}

export const SendMsgReq = message({
  ...sendFields,
  recvID: maybeID(),
  clientMsgID: sendFields.clientMsgID.transform((given) => given || messageID()),
}).superRefine(checkAddress)

export const BatchSendMsgReq = message({
  ...sendFields,
  isSendAll: bool(),
  // OpenIM: required with isSendAll too, where it may be [].
  recvIDs: z.array(id()).max(MAX_RECEIVERS),
})
  .superRefine(checkAddress)
  .refine(({ isSendAll, recvIDs }) => isSendAll || recvIDs.length > 0, {
    path: ['recvIDs'],
    error: 'name at least one user, or set isSendAll',
  })
  .refine(({ isSendAll, sessionType }) => !isSendAll || sessionType !== SessionType.Group, {
    path: ['isSendAll'],
    error: 'it sends to users, not to a group; use /msg/send_msg',
  })

/** The body of the send call in OpenIM's older API (version 2). */
export const ManagerSendMsgReq = message({
  operationID: str(),
  sendID: id(),
  recvID: maybeID(),
  groupID: maybeID(),
  senderNickname: str().pipe(z.string().max(MAX_SENDER_NICKNAME)),
  senderFaceURL: str().pipe(z.string().max(MAX_SENDER_FACE_URL)),
  senderPlatformID: senderPlatformID(),
  content: content(),
  contentType: z.int(),
  sessionType: z.int(),
  isOnlineOnly: bool(),
  notOfflinePush: bool(),
  offlinePushInfo: offlinePushInfo(),
}).superRefine(checkAddress)

export type SendFields = Omit<z.output<typeof SendMsgReq>, 'recvID'>

export const SendSimpleMsgReq = message({
  key: z.string().min(1),
  sendID: maybeID(),
  content: z.string().min(1),
  offlinePushInfo: offlinePushInfo(),
  ex: str(),
})

/** The decoded `key` of a simple message: it identifies the message that is answered. */
export const AnsweredMessage = message({ sendID: str(), recvID: str(), groupID: str() })

/** How a business notification is delivered: to online devices only, or stored for offline devices too. */
export const Reliability = { OnlineOnly: 1, Stored: 2 } as const

export const SendBusinessNotificationReq = message({
  key: str(),
  data: str(),
  sendUserID: id(),
  recvUserID: maybeID(),
  recvGroupID: maybeID(),
  sendMsg: bool(),
  reliabilityLevel: z
    .int()
    .min(Reliability.OnlineOnly)
    .max(Reliability.Stored)
    .nullish()
    .transform((level) => level ?? Reliability.OnlineOnly),
}).refine((given) => (given.recvUserID === '') !== (given.recvGroupID === ''), {
  path: ['recvUserID'],
  error: 'exactly one of recvUserID and recvGroupID is needed',
})

export const CheckMsgIsSendSuccessReq = message({})
export const GetServerTimeReq = message({})
export const NewestSeqReq = message({ userID: id() })

export const PullMsgBySeqReq = message({
  userID: id(),
  seqRanges: list(message({ conversationID: id(), begin: int64(), end: int64(), num: int64() })).refine(
    (ranges) => ranges.length <= MAX_RANGES,
    { error: `there can be at most ${MAX_RANGES} ranges` },
  ),
  order: int32().pipe(z.int().min(0).max(1)),
})

export const GetConversationsHasReadAndMaxSeqReq = message({
  userID: id(),
  conversationIDs: list(z.string()).pipe(z.array(z.string()).max(MAX_CONVERSATIONS)),
  returnPinned: bool(),
})

export const SearchMsgReq = message({
  sendID: maybeID(),
  recvID: maybeID(),
  contentType: int32(),
  /** A day in UTC, `YYYY-MM-DD`. */
  sendTime: str().refine((given) => given === '' || isDay(given), { error: 'it must be a date, YYYY-MM-DD' }),
  sessionType: int32(),
  pagination: pagination().refine((page) => page.showNumber <= MAX_SEARCH_PAGE, {
    path: ['showNumber'],
    error: `it must be at most ${MAX_SEARCH_PAGE}`,
  }),
  /** Ours: text that the message must contain. `text` and `content` are two names of the same field. */
  text: str().pipe(z.string().max(MAX_KEYWORD)),
  content: str().pipe(z.string().max(MAX_KEYWORD)),
  /** Ours: the continuation that an earlier call answered. */
  continuation: str(),
})

/** Refuses dates that do not exist: JavaScript parses February 31 as a day in March. */
function isDay(given: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(given) ? Date.parse(given) : Number.NaN
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(given)
}

/** The answer to a backend that has sent a message. */
export interface SentMsg {
  serverMsgID: string
  clientMsgID: string
  sendTime: number
  /** The fields that a before-webhook has changed; absent when no field was changed. */
  modify?: Record<string, unknown>
}

/** `msg.ChatLog` on the wire. */
interface ChatLog {
  serverMsgID: string
  clientMsgID: string
  sendID: string
  recvID: string
  groupID: string
  recvNickname: string
  senderPlatformID: number
  senderNickname: string
  senderFaceURL: string
  groupName: string
  sessionType: number
  msgFrom: number
  contentType: number
  content: string
  status: number
  sendTime: number
  createTime: number
  ex: string
  groupFaceURL: string
  groupMemberCount: number
  seq: number
  groupOwner: string
  groupType: number
}

export interface SearchChatLog {
  chatLog: ChatLog
  isRevoked: boolean
}
