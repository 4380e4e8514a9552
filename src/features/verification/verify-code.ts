import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { type Address, accountOf, addressOf, codeHashOf } from './address.ts'
import type { VerifyCodeReq } from './schema.ts'
import { findCode, returnAttempt, spendAttempt, useUp } from './store.ts'

/** Whether a code is the one that was sent. It can be asked again until it is used up. */
export async function verifyCode(ctx: Context, req: z.output<typeof VerifyCodeReq>): Promise<void> {
  await requireCode(ctx, addressOf(req), req.verifyCode, req.consume)
}

/**
 * @param consume uses the code up
 * @throws ImError 20006 not that code, 20007 none or too old, 20008 tried too often, 20009 used
 */
async function requireCode(ctx: Context, address: Address, code: string, consume: boolean): Promise<void> {
  const account = await accountOf(ctx, address)
  const expected = await spendAttempt(ctx.db, account, ctx.now(), ctx.config.codes.maxAttempts)
  if (expected === null) throw await whyNothingToTry(ctx, account)
  const given = await codeHashOf(ctx, account, code)
  if (!isSame(given, expected)) throw ImError.of('VerifyCodeNotMatch', 'this is not the code that was sent')
  if (!consume) await returnAttempt(ctx.db, account, expected)
  else if (!(await useUp(ctx.db, account, expected))) throw used()
}

async function whyNothingToTry(ctx: Context, account: string): Promise<ImError> {
  const row = await findCode(ctx.db, account)
  if (!row || row.expireTime <= ctx.now()) {
    return ImError.of('VerifyCodeExpired', 'there is no code, or it is too old; ask for a new one')
  }
  if (row.used) return used()
  return ImError.of('VerifyCodeMaxCount', 'the code was tried too often; ask for a new one')
}

function used(): ImError {
  return ImError.of('VerifyCodeUsed', 'the code has been used; ask for a new one')
}

/** Takes as long however much of a guess is right. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && crypto.subtle.timingSafeEqual(left, right)
}
