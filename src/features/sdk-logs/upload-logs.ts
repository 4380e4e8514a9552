import { randomInt } from 'node:crypto'
import type { z } from 'zod'
import { platformName } from '../../protocol/constants/platform.ts'
import type { CallerContext } from '../../runtime/context.ts'
import type { UploadLogsReq } from './schema.ts'
import { existingLogIDs, insertLogs } from './store.ts'

/** Records log files that the caller's SDK has uploaded before this call. */
export async function uploadLogs(ctx: CallerContext, req: z.output<typeof UploadLogsReq>): Promise<void> {
  const common = {
    userID: ctx.caller.userID,
    platform: platformName(req.platform),
    appFramework: req.appFramework,
    version: req.version,
    ex: req.ex,
    createTime: ctx.now(),
  }
  const logIDs = await newLogIDs(ctx, req.fileURLs.length)
  const rows = req.fileURLs.map(({ filename, URL }, i) => ({ ...common, logID: logIDs[i] ?? '', filename, url: URL }))
  await insertLogs(ctx.db, rows)
}

/** Generates logIDs that no stored log has. */
async function newLogIDs(ctx: CallerContext, count: number): Promise<string[]> {
  const logIDs = new Set<string>()
  while (logIDs.size < count) {
    while (logIDs.size < count) logIDs.add(randomLogID())
    for (const existing of await existingLogIDs(ctx.db, [...logIDs])) logIDs.delete(existing)
  }
  return [...logIDs]
}

/** Ten digits without a leading 0, as in OpenIM. */
function randomLogID(): string {
  return String(randomInt(1_000_000_000, 10_000_000_000))
}
