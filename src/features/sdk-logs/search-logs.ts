import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { usersByID } from '../user/get-users-info.ts'
import type { LogInfo, SearchLogsReq } from './schema.ts'
import { logPage } from './store.ts'

/** Logs of users whose ID contains the keyword, newest first; without times, all there are. */
export async function searchLogs(
  ctx: CallerContext,
  { keyword, startTime, endTime, pagination }: z.output<typeof SearchLogsReq>,
): Promise<{ logsInfos: LogInfo[]; total: number }> {
  const to = startTime === 0 && endTime === 0 ? ctx.now() : endTime
  const { total, rows } = await logPage(ctx.db, { keyword, from: startTime, to }, pageWindow(pagination))
  const users = await usersByID(
    ctx,
    rows.map((row) => row.userID),
  )
  const logsInfos = rows.map(({ appFramework: _, ...row }) => ({
    ...row,
    nickname: users.get(row.userID)?.nickname ?? '',
    // OpenIM has the field and never fills it.
    systemType: '',
  }))
  return { logsInfos, total }
}
