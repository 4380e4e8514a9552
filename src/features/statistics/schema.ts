import { z } from 'zod'
import { bool, int64, message, pagination, str } from '../../runtime/openim-json.ts'

const MAX_PAGE = 1_000

/** A stretch of time, ms: `start` belongs to it, `end` does not. */
const window = {
  start: int64().pipe(z.int().min(1, { error: 'it must be a time in milliseconds' })),
  end: int64().pipe(z.int().min(1, { error: 'it must be a time in milliseconds' })),
}
const inOrder = (req: { start: number; end: number }) => req.start <= req.end
const outOfOrder = { path: ['start'], error: 'it is behind end' }

const active = {
  ...window,
  /** OpenIM's spelling: ascending instead of descending by count. */
  ase: bool(),
  pagination: pagination().refine(({ showNumber }) => showNumber <= MAX_PAGE, {
    error: `showNumber is at most ${MAX_PAGE}`,
  }),
  /** Ours: where an earlier call stopped. */
  continuation: str(),
}

export const CountPerDayReq = message(window).refine(inOrder, outOfOrder)
export const ActiveUserReq = message({ ...active, group: bool() }).refine(inOrder, outOfOrder)
export const ActiveGroupReq = message(active).refine(inOrder, outOfOrder)
