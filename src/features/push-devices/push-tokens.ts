import type { z } from 'zod'
import type { ProviderName } from '../../config/push.ts'
import { ImError } from '../../protocol/errors.ts'
import { PushSubscription } from '../../push/providers/web-push.ts'
import { removeToken, saveToken } from '../../push/tokens.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type { DeletePushTokenReq, FcmUpdateTokenReq, UpdatePushTokenReq } from './schema.ts'

/** Providers that address devices by userID, so that no tokens are registered. */
const WITHOUT_TOKENS: ReadonlySet<ProviderName> = new Set(['jpush', 'getui'])

/**
 * Registers the FCM token of a user's device.
 *
 * OpenIM: any user may register a token for any other user, and so gets that user's pushes. Here the caller must be the
 * user or an administrator.
 */
export async function fcmUpdateToken(
  ctx: CallerContext,
  { account, platformID, fcmToken, expireTime }: z.output<typeof FcmUpdateTokenReq>,
): Promise<void> {
  const given = { userID: account, platformID, provider: 'fcm' as const, token: fcmToken, vendor: '', expireTime }
  await updatePushToken(ctx, given)
}

/** Registers a device token for any provider that uses tokens. */
export async function updatePushToken(
  ctx: CallerContext,
  { userID, platformID, provider, token, vendor, expireTime }: z.output<typeof UpdatePushTokenReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  if (WITHOUT_TOKENS.has(provider)) {
    throw ImError.args(`${provider} does not use tokens: set the userID as the alias on the device`)
  }
  const now = ctx.now()
  const expiresAt = expireTime === 0 ? 0 : now + expireTime * 1_000
  const row = { provider, token: normalizedToken(ctx, provider, token), userID, platformID, vendor, expiresAt }
  await saveToken(ctx.db, { ...row, updatedAt: now }, ctx.config.multiLogin)
}

/** Removes a device token, so that the device gets no more pushes for this user. */
export async function deletePushToken(
  ctx: CallerContext,
  { userID, provider, token }: z.output<typeof DeletePushTokenReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  await removeToken(ctx.db, userID, provider, normalizedToken(ctx, provider, token))
}

/**
 * Normalizes a browser's subscription to the fields that are used, so that two JSON texts of one subscription are one
 * token.
 */
function normalizedToken(ctx: CallerContext, provider: ProviderName, token: string): string {
  if (provider !== 'webpush') return token
  const subscription = PushSubscription.safeParse(parseJson(token))
  if (!subscription.success) throw ImError.args('the token must be the JSON of a PushSubscription')
  const { endpoint, keys } = subscription.data
  if (!ctx.config.local && !endpoint.startsWith('https:'))
    throw ImError.args('the endpoint of the subscription must be an https URL')
  return JSON.stringify({ endpoint, keys: { p256dh: keys.p256dh, auth: keys.auth } })
}

/** Returns text that is not JSON unchanged, so that the schema refuses it. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
