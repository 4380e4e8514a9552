import { z } from 'zod'
import { int32, message, str } from '../../platform/wire.ts'

export const GetAdminTokenReq = message({ secret: str(), userID: str() })
export const GetUserTokenReq = message({ platformID: int32(), userID: z.string().min(1) })
export const ParseTokenReq = message({ token: z.string().min(1) })
export const ForceLogoutReq = message({ platformID: int32(), userID: z.string().min(1) })
