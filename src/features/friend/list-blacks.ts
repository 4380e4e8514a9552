import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { type IncrementalAnswer, incrementalAnswer } from '../../sync/answers.ts'
import { readDelta } from '../../sync/version-store.ts'
import type { BlackInfo, GetBlackListReq, GetIncrementalBlacksReq, GetSpecifiedBlacksReq } from './schema.ts'
import { blackPage, blacksAmong } from './store/blacks.ts'
import { blackInfo } from './wire.ts'

export async function getBlackList(
  ctx: CallerContext,
  { userID, pagination }: z.output<typeof GetBlackListReq>,
): Promise<{ blacks: BlackInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, userID)
  const { total, rows } = await blackPage(ctx.db, userID, pageWindow(pagination))
  return { blacks: rows.map(blackInfo), total }
}

/** Returns the given users who are blocked; `total` is their number. */
export async function getSpecifiedBlacks(
  ctx: CallerContext,
  { ownerUserID, userIDList }: z.output<typeof GetSpecifiedBlacksReq>,
): Promise<{ blacks: BlackInfo[]; total: number }> {
  requireSelfOrAdmin(ctx, ownerUserID)
  const blacks = (await blacksAmong(ctx.db, ownerUserID, [...new Set(userIDList)])).map(blackInfo)
  return { blacks, total: blacks.length }
}

/** Returns the changes in a block list since the client's version. OpenIM declares this call and always answers 500. */
export async function getIncrementalBlacks(
  ctx: CallerContext,
  { userID, versionID, version }: z.output<typeof GetIncrementalBlacksReq>,
): Promise<IncrementalAnswer<BlackInfo>> {
  requireSelfOrAdmin(ctx, userID)
  const delta = await readDelta(ctx.db, 'black', userID, { versionID, version })
  const changed = await blacksAmong(ctx.db, userID, [...delta.inserted, ...delta.updated])
  return incrementalAnswer(delta, new Map(changed.map((row) => [row.black.blackUserID, blackInfo(row)])))
}
