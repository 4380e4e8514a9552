import type { CountStep } from '../../../contracts/conversation.ts'
import { DAY_MS, MINUTE_MS } from '../../../platform/durations.ts'

/** The send times of a burst of messages within one millisecond run a little ahead of their storage times. */
const SLACK_MS = MINUTE_MS

/**
 * One step down the chat log: counts the messages that were sent at or after `from` and before `to` (ms), by sender and
 * by day (UTC). SQLite counts, so a step may cover many messages. A message is never stored before it is sent, so the
 * step ends at a message that was stored before `from`.
 */
export function countMessages(
  sql: SqlStorage,
  window: { from: number; to: number },
  below: number,
  limit: number,
): CountStep {
  const [newest] = sql
    .exec<{ seq: number }>('SELECT seq FROM chat WHERE seq < ? ORDER BY seq DESC LIMIT 1', below)
    .toArray()
  const step: CountStep = { senders: {}, days: {}, scanned: 0, below: 0 }
  if (!newest) return step
  const lower = Math.max(1, newest.seq - limit + 1)
  const rows = sql.exec<{ send_id: string; day: number; messages: number }>(
    `SELECT send_id, send_time / ${DAY_MS} AS day, count(*) AS messages FROM chat
    WHERE seq BETWEEN ? AND ? AND send_time >= ? AND send_time < ? GROUP BY send_id, day`,
    lower,
    newest.seq,
    window.from,
    window.to,
  )
  for (const { send_id, day, messages } of rows) {
    const date = new Date(day * DAY_MS).toISOString().slice(0, 10)
    step.senders[send_id] = (step.senders[send_id] ?? 0) + messages
    step.days[date] = (step.days[date] ?? 0) + messages
  }
  step.scanned = newest.seq - lower + 1
  const [older] = sql
    .exec<{ stored_time: number }>('SELECT stored_time FROM chat WHERE seq < ? ORDER BY seq DESC LIMIT 1', lower)
    .toArray()
  if (older && older.stored_time >= window.from - SLACK_MS) step.below = lower
  return step
}
