import type { z } from 'zod'
import type { CallerContext } from '../../runtime/context.ts'
import type { CountPerDayReq } from './schema.ts'
import { type CountPerDay, countGroupsPerDay, countUsersPerDay } from './store.ts'

type Window = z.output<typeof CountPerDayReq>

/** Registrations per day. OpenIM answers any user here, unlike the other statistics. */
export function userRegisterCount(ctx: CallerContext, { start, end }: Window): Promise<CountPerDay> {
  return countUsersPerDay(ctx.db, start, end)
}

/** Groups founded per day, those among them that were dismissed later. */
export function groupCreateCount(ctx: CallerContext, { start, end }: Window): Promise<CountPerDay> {
  return countGroupsPerDay(ctx.db, start, end)
}
