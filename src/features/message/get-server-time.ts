import type { CallerContext } from '../../runtime/context.ts'

export async function getServerTime(ctx: CallerContext): Promise<{ serverTime: number }> {
  return { serverTime: ctx.now() }
}
