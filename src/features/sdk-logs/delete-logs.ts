import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import type { DeleteLogsReq } from './schema.ts'
import { deleteLogs, logIDsAmong } from './store.ts'

/** @throws ImError 1004 when one of them is not there; then none is deleted */
export async function deleteSdkLogs(ctx: CallerContext, { logIDs }: z.output<typeof DeleteLogsReq>): Promise<void> {
  const found = await logIDsAmong(ctx.db, logIDs)
  const missing = logIDs.filter((logID) => !found.has(logID))
  if (missing.length > 0) throw ImError.notFound(`there is no log ${missing.slice(0, 10).join(', ')}`)
  await deleteLogs(ctx.db, logIDs)
}
