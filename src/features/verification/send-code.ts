import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import { networkOf } from '../../runtime/client-ip.ts'
import type { Context } from '../../runtime/context.ts'
import { accountOf, addressOf, codeHashOf, networkKeyOf } from './address.ts'
import { randomDigits } from './random-digits.ts'
import type { SendCodeReq } from './schema.ts'
import { senderFor } from './send-by-provider.ts'
import { deleteBefore, deleteCode, incrementCount, replaceCode, wasSentAfter } from './store.ts'

const SECOND_MS = 1_000

/**
 * Sends a new code to a phone or a mailbox. The previous code becomes invalid.
 * @throws ImError 20005 when a limit is exceeded, 10007 or 10008 when the provider refuses, 500 when no provider is
 *   configured
 */
export async function sendCode(ctx: Context, req: z.output<typeof SendCodeReq>): Promise<void> {
  const { codes } = ctx.config
  const address = addressOf(req)
  const send = senderFor(ctx, address)
  const account = await accountOf(address, ctx.config.secret)
  const now = ctx.now()
  const pausedSince = now - codes.pauseSeconds * SECOND_MS
  // Checked before the request is counted, so that a user who retries too early does not use up the limits.
  if (await wasSentAfter(ctx.db, account, pausedSince)) throw tooSoon(codes.pauseSeconds)
  await requireWithinLimits(ctx, account)

  const code = randomDigits(codes.length)
  const row = {
    account,
    codeHash: await codeHashOf(account, code, ctx.config.secret),
    sendTime: now,
    expireTime: now + codes.validSeconds * SECOND_MS,
  }
  if (!(await replaceCode(ctx.db, row, pausedSince))) throw tooSoon(codes.pauseSeconds)
  try {
    await send(code, Math.ceil(codes.validSeconds / 60))
  } catch (error) {
    await deleteCode(ctx.db, row)
    throw error
  }
  ctx.afterReply(() => deleteBefore(ctx.db, now - codes.windowSeconds * SECOND_MS))
}

/**
 * Counts the network first: a client that tries many addresses is refused before the limit of each address is used up.
 */
async function requireWithinLimits(ctx: Context, account: string): Promise<void> {
  const { windowSeconds, maxPerIP, maxPerAddress } = ctx.config.codes
  const countUp = (subject: string) => incrementCount(ctx.db, subject, ctx.now(), windowSeconds * SECOND_MS)
  if (ctx.clientIP !== '') {
    const requested = await countUp(await networkKeyOf(ctx, networkOf(ctx.clientIP)))
    if (requested > maxPerIP) throw tooOften('too many codes were requested from this network')
  }
  if ((await countUp(account)) > maxPerAddress) throw tooOften('too many codes were sent to this address')
}

function tooSoon(pauseSeconds: number): ImError {
  return tooOften(`a code was sent less than ${pauseSeconds} seconds ago`)
}

function tooOften(why: string): ImError {
  return ImError.of('VerifyCodeSendFrequently', why)
}
