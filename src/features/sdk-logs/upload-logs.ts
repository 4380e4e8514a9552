import { randomInt } from 'node:crypto'
import type { z } from 'zod'
import { platformName } from '../../protocol/constants/platform.ts'
import type { CallerContext } from '../../runtime/context.ts'
import type { UploadLogsReq } from './schema.ts'
import { insertLogs, logIDsAmong } from './store.ts'

/** Notes log files that the caller's SDK has uploaded before. */
export async function uploadLogs(ctx: CallerContext, req: z.output<typeof UploadLogsReq>): Promise<void> {
  const about = {
    userID: ctx.caller.userID,
    platform: platformName(req.platform),
    appFramework: req.appFramework,
    version: req.version,
    ex: req.ex,
    createTime: ctx.now(),
  }
  const logIDs = await freeLogIDs(ctx, req.fileURLs.length)
  const rows = req.fileURLs.map(({ filename, URL }, i) => ({ ...about, logID: logIDs[i] ?? '', filename, url: URL }))
  await insertLogs(ctx.db, rows)
}

async function freeLogIDs(ctx: CallerContext, count: number): Promise<string[]> {
  const free = new Set<string>()
  while (free.size < count) {
    while (free.size < count) free.add(newLogID())
    for (const taken of await logIDsAmong(ctx.db, [...free])) free.delete(taken)
  }
  return [...free]
}

/** Ten digits, the first of them not 0, as OpenIM makes them. */
function newLogID(): string {
  return String(randomInt(1_000_000_000, 10_000_000_000))
}
