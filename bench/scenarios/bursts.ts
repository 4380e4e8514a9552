import type { Contender } from '../contenders/contender.ts'
import { type Burst, type Cast, Stage } from '../load/drive.ts'
import type { Contenders, Pace, Result, Scenario } from './scenario.ts'

/** Senders that each keep `outstanding` messages unanswered. */
interface Variant {
  label: string
  cast: Cast
  outstanding: number
}

/** The size of the first burst; its speed determines the size of the other bursts. */
const WARM_UP_PER_SENDER = 20
const WARM_UP_AT_LEAST = 100

/** Every sender sends to its own receiver. */
const pairs: Variant[] = [1, 10, 50, 200].flatMap((senders) =>
  [1, 16].map((outstanding) => ({
    label: `${senders} × ${outstanding}`,
    cast: pairsOf(senders),
    outstanding,
  })),
)

const groups: Variant[] = [
  { first: 100_000, size: 100, senders: 1 },
  { first: 100_000, size: 100, senders: 20 },
  { first: 200_000, size: 1_000, senders: 1 },
].map(({ first, size, senders }) => ({
  label: `${size} members, ${senders} × 4`,
  cast: groupOf(first, size, senders),
  outstanding: 4,
}))

export const oneToOne = bursts('one-to-one', pairs)
export const group = bursts('group', groups)

export function pairsOf(senders: number, first = 0): Cast {
  const users = Array.from({ length: senders }, (_, i) => ({
    user: first + 2 * i,
    target: { user: first + 2 * i + 1 },
  }))
  return { senders: users, clients: users.flatMap(({ user, target }) => [user, target.user]) }
}

export function groupOf(first: number, size: number, senders: number): Cast {
  return {
    senders: Array.from({ length: senders }, (_, i) => ({ user: first + i, target: { group: { first, size } } })),
    clients: Array.from({ length: size }, (_, i) => first + i),
  }
}

function bursts(name: string, variants: readonly Variant[]): Scenario {
  return {
    name,
    async run(contenders, pace, report) {
      for (const variant of variants) {
        if (variant.label.includes(pace.variant)) await runVariant(name, variant, contenders, pace, report)
      }
    },
  }
}

async function runVariant(
  scenario: string,
  { label, cast, outstanding }: Variant,
  contenders: Contenders,
  { burstSeconds, repeats }: Pace,
  report: (result: Result) => void,
): Promise<void> {
  const warmUp = Math.max(WARM_UP_AT_LEAST, cast.senders.length * WARM_UP_PER_SENDER) / sizeOf(cast)
  const prepared: { contender: Contender; stage: Stage; messages: number }[] = []
  for (const contender of everyOne(contenders, cast)) {
    const stage = await Stage.open(contender, cast)
    const first = await stage.burst(warmUp, outstanding)
    const second = await stage.burst(first.messages, outstanding)
    prepared.push({ contender, stage, messages: Math.ceil(second.messagesPerSecond * burstSeconds) })
  }
  for (let repeat = 1; repeat <= repeats; repeat++) {
    for (const { contender, stage, messages } of prepared) {
      const burst = await stage.burst(messages, outstanding)
      report({ scenario, variant: label, contender: contender.name, repeat, figures: figuresOf(burst) })
    }
  }
  for (const { stage } of prepared) await stage.close()
}

function everyOne({ protocolJson, protocolGob, ...others }: Contenders, { senders: [first] }: Cast): Contender[] {
  const { naive, batched, jsonBefore, json, gobBefore, gob } = others
  const ofPairs = first && 'user' in first.target ? [protocolJson, protocolGob] : []
  return [naive, batched, ...ofPairs, jsonBefore, json, gobBefore, gob].filter((contender) => contender !== undefined)
}

/**
 * Divides the size of the first burst for groups, where a message has many deliveries, so that the burst stays short.
 */
function sizeOf({ senders: [first] }: Cast): number {
  return first && 'group' in first.target ? first.target.group.size / 10 : 1
}

function figuresOf(burst: Burst): Record<string, number> {
  const { serverMicrosPerMessage, ...figures } = burst
  return { ...figures, ...(serverMicrosPerMessage !== null && { serverMicrosPerMessage }) }
}
