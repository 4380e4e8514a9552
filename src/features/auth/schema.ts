import { z } from 'zod'
import { int32, message, str } from '../../runtime/openim-json.ts'

const MAX_ID = 255

const id = () => z.string().min(1).max(MAX_ID)

export const GetAdminTokenReq = message({ secret: str(), userID: str() })
export const GetUserTokenReq = message({ platformID: int32(), userID: id() })
export const ParseTokenReq = message({ token: z.string().min(1) })
export const ForceLogoutReq = message({ platformID: int32(), userID: id() })
