import type { CallerContext } from '../../runtime/context.ts'

/** Answers what a client needs to register: the configured providers, and the VAPID key for browser subscriptions. */
export async function getPushConfig(ctx: CallerContext): Promise<{ providers: string[]; vapidPublicKey: string }> {
  const providers = ctx.config.push?.providers ?? {}
  return { providers: Object.keys(providers), vapidPublicKey: providers.webpush?.publicKey ?? '' }
}
