import type { z } from 'zod'
import type { ProviderName } from '../../config/push.ts'
import { ImError } from '../../protocol/errors.ts'
import { PushSubscription } from '../../push/providers/web-push.ts'
import { removeToken, saveToken } from '../../push/tokens.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type { DeletePushTokenReq, FcmUpdateTokenReq, UpdatePushTokenReq } from './schema.ts'

/** Providers that are given a userID, and reach its devices by themselves. */
const WITHOUT_TOKENS: ReadonlySet<ProviderName> = new Set(['jpush', 'getui'])

/**
 * Notes under which FCM token a user's device can be reached.
 *
 * OpenIM lets anybody set anybody's; here it is the user's own, or an administrator's, to set: whoever has a token
 * under their name is sent what the user is sent.
 */
export async function fcmUpdateToken(
  ctx: CallerContext,
  { account, platformID, fcmToken, expireTime }: z.output<typeof FcmUpdateTokenReq>,
): Promise<void> {
  const given = { userID: account, platformID, provider: 'fcm' as const, token: fcmToken, vendor: '', expireTime }
  await updatePushToken(ctx, given)
}

/** The same for every provider that goes by tokens. */
export async function updatePushToken(
  ctx: CallerContext,
  { userID, platformID, provider, token, vendor, expireTime }: z.output<typeof UpdatePushTokenReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  if (WITHOUT_TOKENS.has(provider)) {
    throw ImError.args(`${provider} takes no tokens: bind the userID as the alias on the device`)
  }
  const now = ctx.now()
  const expiresAt = expireTime === 0 ? 0 : now + expireTime * 1_000
  const row = { provider, token: normalized(ctx, provider, token), userID, platformID, vendor, expiresAt }
  await saveToken(ctx.db, { ...row, updatedAt: now }, ctx.config.multiLogin)
}

/** The device is not to be rung for that user any more. */
export async function deletePushToken(
  ctx: CallerContext,
  { userID, provider, token }: z.output<typeof DeletePushTokenReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  await removeToken(ctx.db, userID, provider, normalized(ctx, provider, token))
}

/** A subscription is the same one however its JSON is written, so only what is used of it is kept. */
function normalized(ctx: CallerContext, provider: ProviderName, token: string): string {
  if (provider !== 'webpush') return token
  const subscription = PushSubscription.safeParse(parseJson(token))
  if (!subscription.success) throw ImError.args('the token is not the JSON of a PushSubscription')
  const { endpoint, keys } = subscription.data
  if (!ctx.config.local && !endpoint.startsWith('https:')) throw ImError.args('the endpoint is not an https address')
  return JSON.stringify({ endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } })
}

/** What is no JSON is left for the schema to refuse. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
