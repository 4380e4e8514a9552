import type { KnownMessage, Ledger, Log, Verdict } from './ledger.ts'

/**
 * Judges a soak. Every promise of the service is one list, and each list must be empty:
 * lost (acknowledged and not in the history), doubled (one message under two seqs, or two answers to one message),
 * reordered (gaps, times that go back, one sender's messages in another order than sent), missing (in the history and
 * not on a device that was connected at the end), diverging (two members, or a device and the server, hold different
 * messages or read positions), latePushes (a push behind a newer one).
 */
export function verify(ledger: Ledger): Verdict {
  const histories = historiesOf(ledger)
  return {
    lost: lost(ledger, histories),
    doubled: doubled(ledger, histories),
    reordered: reordered(ledger, histories),
    missing: missing(ledger),
    diverging: [...divergingHistories(ledger), ...divergingDevices(ledger), ...divergingPositions(ledger)],
    latePushes: ledger.latePushes.map(
      ({ userID, conversationID, seq, newerSeq }) => `${userID} got ${conversationID} ${seq} after ${newerSeq}`,
    ),
  }
}

export function isClean(verdict: Verdict): boolean {
  return Object.values(verdict).every((findings) => findings.length === 0)
}

/** The longest history of each conversation that any member has fetched. */
function historiesOf({ fetched }: Ledger): Map<string, KnownMessage[]> {
  const histories = new Map<string, KnownMessage[]>()
  for (const logs of fetched.values()) {
    for (const [conversationID, log] of logs) {
      const known = histories.get(conversationID)
      if (!known || log.size > known.length) histories.set(conversationID, bySeq(log))
    }
  }
  return histories
}

function lost({ sent }: Ledger, histories: ReadonlyMap<string, KnownMessage[]>): string[] {
  return sent.flatMap(({ conversationID, sendID, clientMsgID, answers }) => {
    if (answers.length === 0) return []
    const isStored = histories
      .get(conversationID)
      ?.some((message) => message.clientMsgID === clientMsgID && message.sendID === sendID)
    return isStored ? [] : [`${conversationID} ${clientMsgID} of ${sendID}`]
  })
}

function doubled({ sent }: Ledger, histories: ReadonlyMap<string, KnownMessage[]>): string[] {
  const found: string[] = []
  for (const [conversationID, history] of histories) {
    for (const [key, copies] of Map.groupBy(history, ({ sendID, clientMsgID }) => `${clientMsgID} of ${sendID}`)) {
      if (copies.length > 1) found.push(`${conversationID} ${key}: seqs ${copies.map(({ seq }) => seq).join(', ')}`)
    }
  }
  for (const { conversationID, clientMsgID, answers } of sent) {
    const distinct = new Set(answers.map(({ serverMsgID, sendTime }) => `${serverMsgID} ${sendTime}`))
    if (distinct.size > 1) found.push(`${conversationID} ${clientMsgID}: ${distinct.size} different answers`)
  }
  return found
}

function reordered({ sent }: Ledger, histories: ReadonlyMap<string, KnownMessage[]>): string[] {
  const ordinals = new Map(sent.map((message) => [`${message.sendID} ${message.clientMsgID}`, message.ordinal]))
  const found: string[] = []
  for (const [conversationID, history] of histories) {
    const last = new Map<string, number>()
    for (const [i, { seq, sendID, clientMsgID, sendTime }] of history.entries()) {
      if (seq !== i + 1) found.push(`${conversationID}: seq ${seq} stands at place ${i + 1}`)
      if (sendTime < (history[i - 1]?.sendTime ?? 0)) found.push(`${conversationID}: the time of ${seq} goes back`)
      const ordinal = ordinals.get(`${sendID} ${clientMsgID}`)
      if (ordinal === undefined) continue
      if (ordinal < (last.get(sendID) ?? 0)) found.push(`${conversationID}: ${seq} of ${sendID} was sent earlier`)
      last.set(sendID, ordinal)
    }
  }
  return found
}

function missing({ held, fetched }: Ledger): string[] {
  const found: string[] = []
  for (const [userID, logs] of fetched) {
    for (const [conversationID, log] of logs) {
      const device = held.get(userID)?.get(conversationID)
      for (const seq of log.keys()) if (!device?.has(seq)) found.push(`${userID} lacks ${conversationID} ${seq}`)
    }
  }
  return found
}

function divergingHistories({ fetched }: Ledger): string[] {
  const first = new Map<string, { userID: string; text: string }>()
  const found: string[] = []
  for (const [userID, logs] of fetched) {
    for (const [conversationID, log] of logs) {
      const text = JSON.stringify(bySeq(log))
      const known = first.get(conversationID)
      if (!known) first.set(conversationID, { userID, text })
      else if (known.text !== text)
        found.push(`${conversationID}: ${known.userID} and ${userID} read different histories`)
    }
  }
  return found
}

function divergingDevices({ held, fetched, conflicts }: Ledger): string[] {
  const found = conflicts.map(
    ({ userID, conversationID, seq }) => `${userID} got two messages as ${conversationID} ${seq}`,
  )
  for (const [userID, logs] of held) {
    for (const [conversationID, log] of logs) {
      for (const [seq, message] of log) {
        const stored = fetched.get(userID)?.get(conversationID)?.get(seq)
        if (!stored) found.push(`${userID} holds ${conversationID} ${seq}, which the history lacks`)
        else if (stored.clientMsgID !== message.clientMsgID || stored.sendTime !== message.sendTime) {
          found.push(`${userID} holds another message as ${conversationID} ${seq}`)
        }
      }
    }
  }
  return found
}

/** A member has read what was marked and what the member has sent, and nothing beyond the newest message. */
function divergingPositions({ marked, positions, fetched }: Ledger): string[] {
  const found: string[] = []
  for (const [userID, logs] of fetched) {
    for (const [conversationID, log] of logs) {
      const position = positions.get(userID)?.get(conversationID)
      const own = Math.max(0, ...[...log.values()].filter(({ sendID }) => sendID === userID).map(({ seq }) => seq))
      const least = Math.max(own, marked.get(userID)?.get(conversationID) ?? 0)
      if (!position) found.push(`${userID} has no position in ${conversationID}`)
      else if (position.maxSeq !== log.size) found.push(`${userID}: ${conversationID} ends at ${position.maxSeq}`)
      else if (position.hasReadSeq !== least) {
        found.push(`${userID} has read ${conversationID} up to ${position.hasReadSeq} instead of ${least}`)
      }
    }
  }
  return found
}

function bySeq(log: Log): KnownMessage[] {
  return [...log.values()].sort((a, b) => a.seq - b.seq)
}
