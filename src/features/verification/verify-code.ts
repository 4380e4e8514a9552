import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { Context } from '../../runtime/context.ts'
import { type Address, accountOf, addressOf, codeHashOf } from './address.ts'
import type { VerifyCodeReq } from './schema.ts'
import { findCode, markUsed, restoreAttempt, useAttempt } from './store.ts'

/** Verifies a code. It can be verified repeatedly until a call consumes it or it expires. */
export async function verifyCode(ctx: Context, req: z.output<typeof VerifyCodeReq>): Promise<void> {
  await requireCode(ctx, addressOf(req), req.verifyCode, req.consume)
}

/**
 * @param consume marks the code as used when it is right
 * @throws ImError 20006 when the code is wrong, 20007 when there is no code or it has expired, 20008 when there were
 *   too many attempts, 20009 when the code has been used
 */
async function requireCode(ctx: Context, address: Address, code: string, consume: boolean): Promise<void> {
  const { account, secret } = await storedUnder(ctx, address)
  const expected = await useAttempt(ctx.db, account, ctx.now(), ctx.config.codes.maxAttempts)
  if (expected === null) throw await refusalReason(ctx, account)
  const given = await codeHashOf(account, code, secret)
  if (!isSame(given, expected)) throw ImError.of('VerifyCodeNotMatch', 'the code is wrong')
  if (!consume) await restoreAttempt(ctx.db, account, expected)
  else if (!(await markUsed(ctx.db, account, expected))) throw used()
}

/**
 * The key under which the code of an address is stored, with its secret: a code that was sent before a rotation of the
 * secret stays valid.
 */
async function storedUnder(ctx: Context, address: Address): Promise<{ account: string; secret: string }> {
  const { secret, secrets } = ctx.config
  const account = await accountOf(address, secret)
  for (const previous of secrets.slice(1)) {
    if (await findCode(ctx.db, account)) break
    const earlier = await accountOf(address, previous)
    if (await findCode(ctx.db, earlier)) return { account: earlier, secret: previous }
  }
  return { account, secret }
}

/** Why there is no code to compare with. */
async function refusalReason(ctx: Context, account: string): Promise<ImError> {
  const row = await findCode(ctx.db, account)
  if (!row || row.expireTime <= ctx.now()) {
    return ImError.of('VerifyCodeExpired', 'there is no code, or it has expired; request a new one')
  }
  if (row.used) return used()
  return ImError.of('VerifyCodeMaxCount', 'there were too many attempts; request a new code')
}

function used(): ImError {
  return ImError.of('VerifyCodeUsed', 'the code has been used; request a new one')
}

/** Compares in constant time, so that the time does not reveal how much of a guess is right. */
function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && crypto.subtle.timingSafeEqual(left, right)
}
