import { z } from 'zod'
import { PROVIDERS } from '../../config/push.ts'
import { isPlatformID } from '../../protocol/constants/platform.ts'
import { int32, int64, message, str } from '../../runtime/openim-json.ts'

/** The longest that a vendor gives is a browser's subscription. */
const MAX_TOKEN_CHARS = 2_000

const required = () => str().refine((text) => text !== '', { error: 'it must not be empty' })
const platform = () => int32().refine(isPlatformID, { error: 'there is no such platform' })
const seconds = () => int64().refine((given) => given >= 0, { error: 'it is negative' })
const token = () =>
  required().refine((text) => text.length <= MAX_TOKEN_CHARS, { error: `it is longer than ${MAX_TOKEN_CHARS}` })
const provider = () => z.enum(PROVIDERS, { error: `a provider is one of ${PROVIDERS.join(', ')}` })

export const FcmUpdateTokenReq = message({
  platformID: platform(),
  fcmToken: token(),
  account: required(),
  /** How long it is good; 0 = until the vendor says otherwise. */
  expireTime: seconds(),
})

export const SetAppBadgeReq = message({
  userID: required(),
  appUnreadCount: int32().refine((count) => count >= 0, { error: 'it is negative' }),
})

export const UpdatePushTokenReq = message({
  userID: required(),
  platformID: platform(),
  provider: provider(),
  /** A browser's PushSubscription goes in as JSON. */
  token: token(),
  vendor: str(),
  expireTime: seconds(),
})

export const DeletePushTokenReq = message({ userID: required(), provider: provider(), token: token() })

export const GetPushConfigReq = message({})
