import { z } from 'zod'
import { PROVIDERS } from '../../config/push.ts'
import { isPlatformID } from '../../protocol/constants/platform.ts'
import { int32, int64, message, str } from '../../runtime/openim-json.ts'

/** The longest tokens are browser subscriptions. */
const MAX_TOKEN_CHARS = 2_000

const required = () => str().refine((text) => text !== '', { error: 'it must not be empty' })
const platform = () => int32().refine(isPlatformID, { error: 'it is not a known platform' })
const seconds = () => int64().refine((given) => given >= 0, { error: 'it must not be negative' })
const token = () =>
  required().refine((text) => text.length <= MAX_TOKEN_CHARS, {
    error: `it must have at most ${MAX_TOKEN_CHARS} characters`,
  })
const provider = () => z.enum(PROVIDERS, { error: `it must be one of ${PROVIDERS.join(', ')}` })

export const FcmUpdateTokenReq = message({
  platformID: platform(),
  fcmToken: token(),
  account: required(),
  /** Lifetime of the token in seconds; 0 = until the provider reports it as invalid. */
  expireTime: seconds(),
})

export const SetAppBadgeReq = message({
  userID: required(),
  appUnreadCount: int32().refine((count) => count >= 0, { error: 'it must not be negative' }),
})

export const UpdatePushTokenReq = message({
  userID: required(),
  platformID: platform(),
  provider: provider(),
  /** For `webpush`, the JSON of the browser's PushSubscription. */
  token: token(),
  vendor: str(),
  expireTime: seconds(),
})

export const DeletePushTokenReq = message({ userID: required(), provider: provider(), token: token() })

export const GetPushConfigReq = message({})
