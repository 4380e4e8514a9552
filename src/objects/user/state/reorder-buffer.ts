import type { DeliveredMessage } from '../../../contracts/messages.ts'

/** A message for the user's sockets. */
export interface OutgoingMessage extends DeliveredMessage {
  /** The devices may have this message already: the conversation redelivers it after a crash. */
  isRedelivered?: boolean
  /** The only device that gets the message: its retry is answered with the first result, and the others have it. */
  only?: WebSocket
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
  /** Copies that wait for lower seqs. A copy does not stand for its seq: the message itself may still arrive. */
  copies: Map<number, Message>
  /** Seqs that the buffer stopped waiting for; such a message is passed on when it arrives later. */
  missing: Set<number>
}

/**
 * Sorts the messages of each log by seq before they go to the sockets. The user's own messages return with the append
 * call, and other messages arrive as deliveries, so a message of either kind may overtake. A client that sees a higher
 * seq first considers the lower seq lost or old. Memory only: after a hibernation, a log starts with the first message
 * that arrives, or with the lowest seq that is known to be in flight (`expectFrom`, `hold`).
 */
export class ReorderBuffer<Message extends Numbered> {
  readonly #logs = new Map<string, LogOrder<Message>>()
  /** The messages of logs without an order that wait for a seq which may be lower. */
  readonly #held = new Map<string, Message[]>()
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
      if (message.seq === log.passedSeq + 1 && log.waiting.size === 0 && log.copies.size === 0) {
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

  /**
   * Adds a copy of a message for one device. The copy waits for lower seqs, and the message itself may arrive as well.
   * @returns the messages to pass on now: the copy, or none
   */
  takeCopy(conversationID: string, copy: Message): Message[] {
    const lowestHeld = lowestSeq(this.#held.get(conversationID) ?? [])
    if (lowestHeld < copy.seq) this.expectFrom(conversationID, lowestHeld)
    const log = this.#logs.get(conversationID)
    if (!log || copy.seq <= log.passedSeq + 1) return [copy]
    log.copies.set(copy.seq, copy)
    return []
  }

  /** Keeps messages of a log without an order, until a message of the user's own that is in flight has its seq. */
  hold(conversationID: string, messages: readonly Message[]): void {
    this.#held.set(conversationID, [...(this.#held.get(conversationID) ?? []), ...messages])
  }

  /** Adds the messages that were held. @returns the messages to pass on now, in order */
  release(conversationID: string): Message[] {
    const held = this.#held.get(conversationID)
    if (!held) return []
    // Before the messages leave the list: the order starts with the lowest of them.
    this.expectFrom(conversationID, lowestSeq(held))
    this.#held.delete(conversationID)
    return this.take(conversationID, held)
  }

  /**
   * Stops waiting for the missing messages below `upTo`.
   * @returns the messages up to `upTo` that waited for them, and those that follow directly
   */
  flushOverdue(conversationID: string, upTo = Number.POSITIVE_INFINITY): Message[] {
    const log = this.#logs.get(conversationID)
    if (!log) return []
    const isOverdue = ({ seq }: Message) => seq <= upTo
    const copies = [...log.copies.values()].filter(isOverdue)
    const messages = [...log.waiting.values()].filter(isOverdue)
    // A copy precedes the message itself, whose seq may still be missing.
    const lastSeq = Math.max(log.passedSeq, ...messages.map(({ seq }) => seq), ...copies.map(({ seq }) => seq - 1))
    for (let seq = log.passedSeq + 1; seq <= lastSeq; seq++) if (!log.waiting.has(seq)) log.missing.add(seq)
    for (const { seq } of copies) log.copies.delete(seq)
    for (const { seq } of messages) log.waiting.delete(seq)
    log.passedSeq = lastSeq
    return [...[...copies, ...messages].sort((a, b) => a.seq - b.seq), ...takeConsecutive(log)]
  }

  /** Whether the buffer knows the order of the log: a message has arrived, or is expected, since the last reset. */
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
    this.#held.delete(conversationID)
  }

  /** Restarts every log: while the user was offline, no message could reach a device. */
  resetAll(): void {
    for (const conversationID of new Set([...this.#logs.keys(), ...this.#held.keys()])) this.reset(conversationID)
  }

  /** The highest seq that waits for a lower one; 0 when none does. */
  highestWaiting(conversationID: string): number {
    const log = this.#logs.get(conversationID)
    if (!log || log.waiting.size + log.copies.size === 0) return 0
    return Math.max(...log.waiting.keys(), ...log.copies.keys())
  }

  /** The highest seq that has arrived, resets included; 0 when no message has. */
  highestSeq(conversationID: string): number {
    const log = this.#logs.get(conversationID)
    const held = this.#held.get(conversationID) ?? []
    const before = this.#highestBeforeReset.get(conversationID) ?? 0
    return Math.max(before, log?.passedSeq ?? 0, ...(log?.waiting.keys() ?? []), ...held.map(({ seq }) => seq))
  }

  #log(conversationID: string, seq: number): LogOrder<Message> {
    let log = this.#logs.get(conversationID)
    if (!log) {
      const baseSeq = Math.min(seq, lowestSeq(this.#held.get(conversationID) ?? [])) - 1
      log = { baseSeq, passedSeq: baseSeq, waiting: new Map(), copies: new Map(), missing: new Set() }
      this.#logs.set(conversationID, log)
    }
    return log
  }
}

/** Takes the waiting messages that follow directly on the last one passed on, each after its copy. */
function takeConsecutive<Message extends Numbered>(log: LogOrder<Message>): Message[] {
  const taken: Message[] = []
  for (;;) {
    const seq = log.passedSeq + 1
    const copy = log.copies.get(seq)
    if (copy) taken.push(copy)
    log.copies.delete(seq)
    const next = log.waiting.get(seq)
    if (!next) return taken
    log.waiting.delete(seq)
    log.passedSeq = seq
    taken.push(next)
  }
}

function lowestSeq(messages: readonly Numbered[]): number {
  return Math.min(...messages.map(({ seq }) => seq))
}
