import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import { networkOf } from '../../runtime/client-ip.ts'
import type { Context } from '../../runtime/context.ts'
import { accountOf, addressOf, codeHashOf, networkKeyOf } from './address.ts'
import { randomDigits } from './random-digits.ts'
import type { SendCodeReq } from './schema.ts'
import { senderFor } from './send-by-provider.ts'
import { countOneMore, dropCode, forgetBefore, replaceCode, wasSentAfter } from './store.ts'

const SECOND_MS = 1_000

/**
 * Sends a new code to a phone or a mailbox; the older one no longer counts.
 * @throws ImError 20005 too often, 10007 and 10008 when the vendor does not take it, 500 when nobody is set up to send
 */
export async function sendCode(ctx: Context, req: z.output<typeof SendCodeReq>): Promise<void> {
  const { codes } = ctx.config
  const address = addressOf(req)
  const send = senderFor(ctx, address)
  const account = await accountOf(ctx, address)
  const now = ctx.now()
  const restsSince = now - codes.pauseSeconds * SECOND_MS
  // Asked before anything is counted, so that an impatient user does not use up the day.
  if (await wasSentAfter(ctx.db, account, restsSince)) throw tooSoon(codes.pauseSeconds)
  await requireWithinLimits(ctx, account)

  const code = randomDigits(codes.length)
  const row = {
    account,
    codeHash: await codeHashOf(ctx, account, code),
    sendTime: now,
    expireTime: now + codes.validSeconds * SECOND_MS,
  }
  if (!(await replaceCode(ctx.db, row, restsSince))) throw tooSoon(codes.pauseSeconds)
  try {
    await send(code, Math.ceil(codes.validSeconds / 60))
  } catch (error) {
    await dropCode(ctx.db, row)
    throw error
  }
  ctx.afterReply(() => forgetBefore(ctx.db, now - codes.windowSeconds * SECOND_MS))
}

/** The network is counted first: whoever tries many addresses is stopped before any of them is used up. */
async function requireWithinLimits(ctx: Context, account: string): Promise<void> {
  const { windowSeconds, maxPerIP, maxPerAddress } = ctx.config.codes
  const countUp = (subject: string) => countOneMore(ctx.db, subject, ctx.now(), windowSeconds * SECOND_MS)
  if (ctx.clientIP !== '') {
    const asked = await countUp(await networkKeyOf(ctx, networkOf(ctx.clientIP)))
    if (asked > maxPerIP) throw tooOften('too many codes were asked for from this network')
  }
  if ((await countUp(account)) > maxPerAddress) throw tooOften('too many codes were sent to this address')
}

function tooSoon(pauseSeconds: number): ImError {
  return tooOften(`a code was sent less than ${pauseSeconds} seconds ago`)
}

function tooOften(why: string): ImError {
  return ImError.of('VerifyCodeSendFrequently', why)
}
