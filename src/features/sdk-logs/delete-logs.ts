import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import type { DeleteLogsReq } from './schema.ts'
import { deleteLogs, existingLogIDs } from './store.ts'

/** Deletes uploaded logs. @throws ImError 1004 when one of the logs does not exist; then no log is deleted */
export async function deleteSdkLogs(ctx: CallerContext, { logIDs }: z.output<typeof DeleteLogsReq>): Promise<void> {
  const found = await existingLogIDs(ctx.db, logIDs)
  const missing = logIDs.filter((logID) => !found.has(logID))
  if (missing.length > 0) throw ImError.notFound(`these logs do not exist: ${missing.slice(0, 10).join(', ')}`)
  await deleteLogs(ctx.db, logIDs)
}
