import type { CountStep } from '../../../contracts/conversation.ts'

const DAY_MS = 86_400_000

/** A burst of messages in one millisecond is dated a little ahead of the clock that stored them. */
const SLACK_MS = 60_000

/**
 * One step down the chat log: how many messages were sent at or after `from` and before `to` (ms), by sender and by day
 * (UTC). The counting is SQLite's own, so a step may be long. A message is never stored before it was sent: the walk
 * ends where storing was before the window.
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
