import { z } from 'zod'
import { bool, int64, message, pagination, str } from '../../runtime/openim-json.ts'

/** A time range in ms: `start` is inclusive, `end` is exclusive. */
const window = {
  start: int64().pipe(z.int().min(1, { error: 'it must be a time in milliseconds' })),
  end: int64().pipe(z.int().min(1, { error: 'it must be a time in milliseconds' })),
}
const inOrder = (req: { start: number; end: number }) => req.start <= req.end
const outOfOrder = { path: ['start'], error: 'it must not be after end' }

const active = {
  ...window,
  /** OpenIM: the name is spelled `ase`. True = ascending by count, false = descending. */
  ase: bool(),
  pagination: pagination(),
  /** Ours: the continuation that an earlier call answered. */
  continuation: str(),
}

export const CountPerDayReq = message(window).refine(inOrder, outOfOrder)
export const ActiveUserReq = message({ ...active, group: bool() }).refine(inOrder, outOfOrder)
export const ActiveGroupReq = message(active).refine(inOrder, outOfOrder)
