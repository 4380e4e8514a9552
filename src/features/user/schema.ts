import { z } from 'zod'
import { AccountLevel } from '../../protocol/constants/account-level.ts'
import { ReceiveOption } from '../../protocol/constants/receive-option.ts'
import { int32, int64, list, message, optional, pagination, str } from '../../runtime/openim-json.ts'

const MAX_USERS_PER_CALL = 1000
/** The most profiles, accounts or settings in one page: the rows may be large. */
const MAX_PAGE = 1_000
/** The most userIDs in one page: userIDs are short. */
const MAX_ID_PAGE = 10_000
const MAX_NICKNAME = 255
const MAX_FACE_URL = 2_048
const MAX_EX = 8_192
const MAX_USER_ID = 64
/** The longest userID in calls that only look a user up: it need not be a userID that could be registered here. */
const MAX_ID = 255
const MAX_COMMAND_UUID = 255
const MAX_COMMAND_VALUE = 8_192
const MAX_CONFIG_KEYS_PER_CALL = 1_000
const MAX_CONFIG_KEY = 255
const MAX_CONFIG_VALUE = 8_192

/** Letters and digits of any script, and the underscore: the same IDs that OpenIM registers. */
const USER_ID = /^[\p{L}\p{N}_]*$/u

const newUserID = z
  .string()
  .max(MAX_USER_ID)
  .regex(USER_ID, { error: 'a userID has only letters, digits and underscores' })
const someUserID = z.string().min(1).max(MAX_ID)
const maybeUserID = () => str().pipe(z.string().max(MAX_ID))
const nickname = z.string().max(MAX_NICKNAME)
const faceURL = z.string().max(MAX_FACE_URL)
const ex = z.string().max(MAX_EX)
const recvMsgOpt = z.int().min(ReceiveOption.Notify).max(ReceiveOption.Silent)
const needsNickname = { error: 'a user needs a nickname' }

const userIDs = z.array(z.string()).max(MAX_USERS_PER_CALL)
const page = (max: number) =>
  pagination().refine(({ showNumber }) => showNumber <= max, { error: `showNumber is at most ${max}` })

const NewUser = message({
  userID: newUserID.min(1),
  nickname: nickname.min(1, needsNickname),
  faceURL: str().pipe(faceURL),
  ex: str().pipe(ex),
  createTime: int64(),
  appMangerLevel: int32(),
  globalRecvMsgOpt: int32().pipe(recvMsgOpt),
})

export const UserRegisterReq = message({
  users: z.array(NewUser).min(1).max(MAX_USERS_PER_CALL),
})

export const GetUsersInfoReq = message({ userIDs })

export const AccountCheckReq = message({ checkUserIDs: userIDs })

/**
 * The older form of a change: a field that is "" or 0 keeps its value. `createTime` and `appMangerLevel` never change.
 */
export const UpdateUserInfoReq = message({
  userInfo: message({
    userID: someUserID,
    nickname: str().pipe(nickname),
    faceURL: str().pipe(faceURL),
    ex: str().pipe(ex),
    globalRecvMsgOpt: int32().pipe(recvMsgOpt),
    createTime: int64(),
    appMangerLevel: int32(),
  }),
})

export const UpdateUserInfoExReq = message({
  userInfo: message({
    userID: someUserID,
    nickname: optional(nickname.min(1, { error: 'a nickname cannot be empty' })),
    faceURL: optional(faceURL),
    ex: optional(ex),
    globalRecvMsgOpt: optional(recvMsgOpt),
  }),
})

export const SetGlobalMsgRecvOptReq = message({
  userID: someUserID,
  globalRecvMsgOpt: int32().pipe(recvMsgOpt),
})

export const GetUsersReq = message({
  pagination: page(MAX_PAGE),
  userID: str().pipe(z.string().max(MAX_USER_ID)),
  /** OpenIM: spelt with a capital N in this call and in those of notification accounts. */
  nickName: str().pipe(nickname),
})

export const GetAllUsersUIDReq = message({ pagination: page(MAX_ID_PAGE) })

export const GetUsersOnlineStatusReq = message({ userIDs: list(z.string()).pipe(userIDs) })

export const GetUsersStatusReq = message({
  userID: maybeUserID(),
  userIDs: list(z.string()).pipe(userIDs.min(1, { error: 'name at least one user' })),
})

export const SubscribeUsersStatusReq = message({
  userID: someUserID,
  userIDs: userIDs.min(1, { error: 'name at least one user' }),
  /** 1 subscribe, 2 unsubscribe. */
  genre: z.int().min(1).max(2),
})

export const GetSubscribeUsersStatusReq = message({ userID: someUserID })

const commandKey = {
  userID: someUserID,
  type: int32().refine((type) => type !== 0, { error: 'the type of a command cannot be 0' }),
  uuid: z.string().min(1).max(MAX_COMMAND_UUID),
}
const commandContent = {
  value: optional(z.string().max(MAX_COMMAND_VALUE)),
  ex: optional(ex),
}

export const AddUserCommandReq = message({ ...commandKey, ...commandContent })
export const UpdateUserCommandReq = message({ ...commandKey, ...commandContent })
export const DeleteUserCommandReq = message(commandKey)
export const GetUserCommandReq = message({ userID: someUserID, type: commandKey.type })
export const GetAllUserCommandReq = message({ userID: someUserID })

export const GetUserClientConfigReq = message({ userID: maybeUserID() })

export const SetUserClientConfigReq = message({
  userID: maybeUserID(),
  configs: z
    .record(z.string(), z.string().max(MAX_CONFIG_VALUE))
    .nullish()
    .transform((given) => Object.entries(given ?? {}).map(([key, value]) => ({ key, value })))
    .refine((entries) => entries.length > 0, { error: 'name at least one key and its value' })
    .refine((entries) => entries.length <= MAX_CONFIG_KEYS_PER_CALL, {
      error: `a call sets at most ${MAX_CONFIG_KEYS_PER_CALL} keys`,
    })
    .refine((entries) => entries.every(({ key }) => key !== '' && key.length <= MAX_CONFIG_KEY), {
      error: `a key has 1 to ${MAX_CONFIG_KEY} characters`,
    }),
})

export const DelUserClientConfigReq = message({
  userID: maybeUserID(),
  keys: list(z.string()).pipe(
    z.array(z.string()).min(1, { error: 'name at least one key' }).max(MAX_CONFIG_KEYS_PER_CALL),
  ),
})

export const PageUserClientConfigReq = message({
  userID: maybeUserID(),
  key: str().pipe(z.string().max(MAX_CONFIG_KEY)),
  pagination: page(MAX_PAGE),
})

export const AddNotificationAccountReq = message({
  /** "" lets the service choose one. */
  userID: str().pipe(newUserID),
  nickName: nickname.min(1, needsNickname),
  faceURL: str().pipe(faceURL),
  appMangerLevel: int32().refine((level) => level >= AccountLevel.NotificationAccount, {
    error: `appMangerLevel of a notification account is ${AccountLevel.NotificationAccount} or more`,
  }),
})

export const UpdateNotificationAccountReq = message({
  userID: someUserID,
  nickName: str().pipe(nickname),
  faceURL: str().pipe(faceURL),
})

export const SearchNotificationAccountReq = message({
  keyword: str().pipe(nickname),
  /** OpenIM: in this call only, the field is spelt correctly. */
  appManagerLevel: optional(z.int()),
  pagination: page(MAX_PAGE),
})

/** `sdkws.UserInfo` on the wire. */
export interface UserInfo {
  userID: string
  nickname: string
  faceURL: string
  ex: string
  createTime: number
  appMangerLevel: number
  globalRecvMsgOpt: number
}

/** The platforms on which a user is online. */
export interface OnlineStatus {
  userID: string
  status: number
  platformIDs: number[]
}

/** A user's open connections, for app administrators. */
export interface UserOnlineConnections {
  userID: string
  status: number
  detailPlatformStatus: { platformID: number; connID: string; isBackground: boolean; token: string }[]
}

/** The tokens of a user's open connections, for app administrators. */
export interface UserOnlineTokens {
  userID: string
  status: number
  singlePlatformToken: { platformID: number; total: number; token: string[] }[]
}

export interface UserCommandInfo {
  type: number
  /** In seconds since the epoch. */
  createTime: number
  uuid: string
  value: string
  ex: string
}

export interface ClientConfig {
  key: string
  userID: string
  value: string
}

export interface NotificationAccountInfo {
  userID: string
  faceURL: string
  nickName: string
  appMangerLevel: number
}
