import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { usersByID } from '../user/get-users-info.ts'
import type { LogInfo, SearchLogsReq } from './schema.ts'
import { logPage } from './store.ts'

/** Searches the logs of users whose userID contains the keyword, newest first. Without a time range, all logs. */
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
    // OpenIM: the field exists and is always empty.
    systemType: '',
  }))
  return { logsInfos, total }
}
