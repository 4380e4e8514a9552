import type { DeliveredMessage } from '../../../contracts/messages.ts'

/** A message for the user's sockets. */
export interface OutgoingMessage extends DeliveredMessage {
  /** The devices may have this message already: the conversation redelivers it after a crash. */
  isRedelivered?: boolean
}

interface Numbered {
  seq: number
}

interface LogOrder<Message> {
  /** The order starts above this seq. Messages up to it are passed on as they arrive. */
  baseSeq: number
  /** Every message above `baseSeq` up to this seq was passed on, or is in `missing`. */
  passedSeq: number
  waiting: Map<number, Message>
  /** Seqs that the buffer stopped waiting for; such a message is passed on when it arrives later. */
  missing: Set<number>
}

/**
 * Sorts the messages of each log by seq before they go to the sockets. The user's own messages return with the append
 * call, and other messages arrive as deliveries, so a message of either kind may overtake. A client that sees a higher
 * seq first considers the lower seq lost or old. Memory only: after a hibernation, a log starts with the first message
 * that arrives.
 */
export class ReorderBuffer<Message extends Numbered> {
  readonly #logs = new Map<string, LogOrder<Message>>()
  /** The highest seq that each log had when it was reset. */
  readonly #highestBeforeReset = new Map<string, number>()

  /**
   * Adds messages. A message waits while a lower seq is missing, and is dropped when it was passed on before.
   * @returns the messages to pass on now, in order
   */
  take(conversationID: string, messages: readonly Message[]): Message[] {
    const ready: Message[] = []
    for (const message of messages) {
      const log = this.#log(conversationID, message.seq)
      if (message.seq === log.passedSeq + 1 && log.waiting.size === 0) {
        log.passedSeq = message.seq
        ready.push(message)
        continue
      }
      if (message.seq <= log.baseSeq || log.missing.delete(message.seq)) ready.push(message)
      else if (message.seq > log.passedSeq) log.waiting.set(message.seq, message)
      ready.push(...takeConsecutive(log))
    }
    return ready
  }

  /** Stops waiting for missing messages, and returns the messages that waited for them. */
  flushOverdue(conversationID: string): Message[] {
    const log = this.#logs.get(conversationID)
    if (!log) return []
    const overdue = [...log.waiting.values()].sort((a, b) => a.seq - b.seq)
    const lastSeq = overdue.at(-1)?.seq ?? log.passedSeq
    for (let seq = log.passedSeq + 1; seq < lastSeq; seq++) if (!log.waiting.has(seq)) log.missing.add(seq)
    log.waiting.clear()
    log.passedSeq = lastSeq
    return overdue
  }

  /** Whether the buffer knows the order of the log: a message has arrived since the last reset. */
  hasSeen(conversationID: string): boolean {
    return this.#logs.has(conversationID)
  }

  /** Starts a log that the buffer has not seen at a given seq: later messages wait for the message with this seq. */
  expectFrom(conversationID: string, firstSeq: number): void {
    if (!this.hasSeen(conversationID)) this.#log(conversationID, firstSeq)
  }

  /** Restarts a log with the next message that arrives. */
  reset(conversationID: string): void {
    this.#highestBeforeReset.set(conversationID, this.highestSeq(conversationID))
    this.#logs.delete(conversationID)
  }

  /** Restarts every log: while the user was offline, no message could reach a device. */
  resetAll(): void {
    for (const conversationID of this.#logs.keys()) this.reset(conversationID)
  }

  isWaiting(conversationID: string): boolean {
    return (this.#logs.get(conversationID)?.waiting.size ?? 0) > 0
  }

  /** The highest seq that has arrived, resets included; 0 when no message has. */
  highestSeq(conversationID: string): number {
    const log = this.#logs.get(conversationID)
    const before = this.#highestBeforeReset.get(conversationID) ?? 0
    return log ? Math.max(before, log.passedSeq, ...log.waiting.keys()) : before
  }

  #log(conversationID: string, seq: number): LogOrder<Message> {
    let log = this.#logs.get(conversationID)
    if (!log) {
      log = { baseSeq: seq - 1, passedSeq: seq - 1, waiting: new Map(), missing: new Set() }
      this.#logs.set(conversationID, log)
    }
    return log
  }
}

/** Takes the waiting messages that follow directly on the last one passed on. */
function takeConsecutive<Message extends Numbered>(log: LogOrder<Message>): Message[] {
  const taken: Message[] = []
  for (let next = log.waiting.get(log.passedSeq + 1); next; next = log.waiting.get(log.passedSeq + 1)) {
    log.waiting.delete(next.seq)
    log.passedSeq = next.seq
    taken.push(next)
  }
  return taken
}
