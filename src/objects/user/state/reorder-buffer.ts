/** What is put in order: anything that has a seq. */
interface Numbered {
  seq: number
}

interface LogState<Message> {
  /** Below this nothing is known: what comes from there is passed on as it comes. */
  base: number
  /** Everything above the floor up to here was passed on. */
  upTo: number
  waiting: Map<number, Message>
  /** What was given up; it is passed on when it comes after all. */
  missing: Set<number>
}

/**
 * Puts the messages of each log in order before they reach the sockets. A user's own messages come back from the
 * conversation on another way than those of the others, so either may overtake the other; a client that sees a higher
 * seq first takes the lower one for lost, or for old. Only in memory: after a hibernation nothing is known, and the
 * first message that comes sets the mark.
 */
export class ReorderBuffer<Message extends Numbered> {
  readonly #logs = new Map<string, LogState<Message>>()
  /** The highest seqs of logs that were started anew. */
  readonly #before = new Map<string, number>()

  /** @returns what may be passed on now, in order; what is missing something before it waits, what was here is dropped */
  take(conversationID: string, messages: readonly Message[]): Message[] {
    const ready: Message[] = []
    for (const message of messages) {
      const log = this.#log(conversationID, message.seq)
      if (message.seq === log.upTo + 1 && log.waiting.size === 0) {
        log.upTo = message.seq
        ready.push(message)
        continue
      }
      if (message.seq <= log.base || log.missing.delete(message.seq)) ready.push(message)
      else if (message.seq > log.upTo) log.waiting.set(message.seq, message)
      ready.push(...runFrom(log))
    }
    return ready
  }

  /** Gives up on what is missing and hands out what waited for it. */
  flushOverdue(conversationID: string): Message[] {
    const log = this.#logs.get(conversationID)
    if (!log) return []
    const late = [...log.waiting.values()].sort((a, b) => a.seq - b.seq)
    const last = late.at(-1)?.seq ?? log.upTo
    for (let seq = log.upTo + 1; seq < last; seq++) if (!log.waiting.has(seq)) log.missing.add(seq)
    log.waiting.clear()
    log.upTo = last
    return late
  }

  /** Whether any message of the log has come. */
  hasSeen(conversationID: string): boolean {
    return this.#logs.has(conversationID)
  }

  /** Begins a log that nothing is known of with a certain message: what comes after it waits for it. */
  expectFrom(conversationID: string, firstSeq: number): void {
    if (!this.hasSeen(conversationID)) this.#log(conversationID, firstSeq)
  }

  /** Starts anew with the next message of a log. */
  reset(conversationID: string): void {
    this.#before.set(conversationID, this.highestSeq(conversationID))
    this.#logs.delete(conversationID)
  }

  /** Starts anew with the next message of every log: nobody was there to whom those passed on, or waiting, could come. */
  resetAll(): void {
    for (const conversationID of this.#logs.keys()) this.reset(conversationID)
  }

  isWaiting(conversationID: string): boolean {
    return (this.#logs.get(conversationID)?.waiting.size ?? 0) > 0
  }

  /** The highest seq that came; 0 when nothing is known. */
  highestSeq(conversationID: string): number {
    const log = this.#logs.get(conversationID)
    const before = this.#before.get(conversationID) ?? 0
    return log ? Math.max(before, log.upTo, ...log.waiting.keys()) : before
  }

  #log(conversationID: string, seq: number): LogState<Message> {
    let log = this.#logs.get(conversationID)
    if (!log) {
      log = { base: seq - 1, upTo: seq - 1, waiting: new Map(), missing: new Set() }
      this.#logs.set(conversationID, log)
    }
    return log
  }
}

/** Takes out what follows directly on what was passed on. */
function runFrom<Message extends Numbered>(log: LogState<Message>): Message[] {
  const run: Message[] = []
  for (let next = log.waiting.get(log.upTo + 1); next; next = log.waiting.get(log.upTo + 1)) {
    log.waiting.delete(next.seq)
    log.upTo = next.seq
    run.push(next)
  }
  return run
}
