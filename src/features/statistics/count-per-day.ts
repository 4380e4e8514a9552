import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import type { CountPerDayReq } from './schema.ts'
import { type CountPerDay, countGroupsPerDay, countUsersPerDay } from './store.ts'

type Window = z.output<typeof CountPerDayReq>

/** Counts registrations per day. OpenIM: any user may call it, unlike the other statistics. */
export function userRegisterCount(ctx: CallerContext, { start, end }: Window): Promise<CountPerDay> {
  return countUsersPerDay(ctx.db, start, end)
}

/** Counts created groups per day, including groups that were dismissed later. */
export function groupCreateCount(ctx: CallerContext, { start, end }: Window): Promise<CountPerDay> {
  return countGroupsPerDay(ctx.db, start, end)
}
