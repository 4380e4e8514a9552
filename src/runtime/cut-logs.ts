import type { PulledLog } from '../contracts/user.ts'

/**
 * Cuts the answer to a pull until it fits: first each log is cut to its newer half, then the later logs lose their only
 * message. A cut log has `isEnd` false, and clients request the missing messages again.
 * @param fill the size of an answer as a part of what it may have: up to 1, it fits
 */
export function cutLogs(logs: readonly PulledLog[], fill: (logs: PulledLog[]) => number): PulledLog[] {
  let kept = [...logs]
  for (;;) {
    // Measuring may compress the whole answer, so an answer four times too large is halved twice before the next try.
    const halvings = Math.ceil(Math.log2(fill(kept)))
    if (halvings <= 0 || isEmpty(kept)) return kept
    for (let i = 0; i < halvings; i++) kept = halved(kept)
  }
}

function isEmpty(logs: readonly PulledLog[]): boolean {
  return logs.every(({ msgs }) => msgs.length === 0)
}

function halved(logs: readonly PulledLog[]): PulledLog[] {
  if (logs.some(({ msgs }) => msgs.length > 1)) {
    return logs.map((log) => (log.msgs.length > 1 ? cutTo(log, Math.ceil(log.msgs.length / 2)) : log))
  }
  const filled = logs.filter(({ msgs }) => msgs.length > 0)
  const kept = new Set(filled.slice(0, Math.floor(filled.length / 2)))
  return logs.map((log) => (log.msgs.length === 0 || kept.has(log) ? log : cutTo(log, 0)))
}

/** The newest `count` messages of a log. */
function cutTo(log: PulledLog, count: number): PulledLog {
  const from = log.descending ? 0 : log.msgs.length - count
  return { ...log, msgs: log.msgs.slice(from, from + count), isEnd: false, endSeq: 0 }
}
