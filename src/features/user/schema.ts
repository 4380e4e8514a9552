import { z } from 'zod'
import { int32, int64, list, message, optional, str } from '../../platform/wire.ts'

export const MAX_USERS_PER_CALL = 1000
const MAX_NICKNAME = 255
const MAX_FACE_URL = 2_048
const MAX_EX = 8_192
const MAX_USER_ID = 64

/** Letters and digits of any script, and the underscore: the same IDs that OpenIM registers. */
const USER_ID = /^[\p{L}\p{N}_]+$/u

const nickname = z.string().max(MAX_NICKNAME)
const faceURL = z.string().max(MAX_FACE_URL)
const ex = z.string().max(MAX_EX)
const recvMsgOpt = z.int().min(0).max(2)

const NewUser = message({
  userID: z
    .string()
    .min(1)
    .max(MAX_USER_ID)
    .regex(USER_ID, { error: 'a userID has only letters, digits and underscores' }),
  nickname: nickname.min(1, { error: 'a user needs a nickname' }),
  faceURL: str().pipe(faceURL),
  ex: str().pipe(ex),
  createTime: int64(),
  appMangerLevel: int32(),
  globalRecvMsgOpt: int32().pipe(recvMsgOpt),
})

export const UserRegisterReq = message({
  users: z.array(NewUser).min(1).max(MAX_USERS_PER_CALL),
})

export const GetUsersInfoReq = message({ userIDs: z.array(z.string()).max(MAX_USERS_PER_CALL) })

export const AccountCheckReq = message({
  checkUserIDs: list(z.string()).pipe(z.array(z.string()).max(MAX_USERS_PER_CALL)),
})

export const UpdateUserInfoExReq = message({
  userInfo: message({
    userID: z.string().min(1),
    nickname: optional(nickname.min(1, { error: 'a nickname cannot be empty' })),
    faceURL: optional(faceURL),
    ex: optional(ex),
    globalRecvMsgOpt: optional(recvMsgOpt),
  }),
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
