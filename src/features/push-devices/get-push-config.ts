import type { CallerContext } from '../../runtime/context.ts'

/** What a client needs to know to register: who rings here, and the key that a browser subscribes with. */
export async function getPushConfig(ctx: CallerContext): Promise<{ providers: string[]; vapidPublicKey: string }> {
  const providers = ctx.config.push?.providers ?? {}
  return { providers: Object.keys(providers), vapidPublicKey: providers.webpush?.publicKey ?? '' }
}
