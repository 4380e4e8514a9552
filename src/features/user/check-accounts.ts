import type { z } from 'zod'
import { AccountStatus } from '../../protocol/constants/account-level.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import type { AccountCheckReq } from './schema.ts'
import { registeredAmong } from './store/users.ts'

/** Returns for each userID whether it is registered. */
export async function checkAccounts(
  ctx: CallerContext,
  { checkUserIDs }: z.output<typeof AccountCheckReq>,
): Promise<{ results: { userID: string; accountStatus: number }[] }> {
  if (new Set(checkUserIDs).size < checkUserIDs.length) throw ImError.args('the same userID is given twice')
  const registered = await registeredAmong(ctx.db, checkUserIDs)
  return {
    results: checkUserIDs.map((userID) => ({
      userID,
      accountStatus: registered.has(userID) ? AccountStatus.Registered : AccountStatus.Unregistered,
    })),
  }
}
