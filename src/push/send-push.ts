import type { ProviderName } from '../config/push.ts'
import type { PushTarget } from '../contracts/jobs.ts'
import { type Log, reasonOf } from '../platform/observability/log.ts'
import type { PushNotification } from './compose-push.ts'
import { type Fate, type Provider, VendorError } from './providers/provider.ts'

const MAX_LOGGED_CHARS = 300
/** What is shorter stands in any answer by chance. */
const MIN_HIDDEN_CHARS = 6

/** What is left to do after every target was tried once. */
export interface PushRound {
  sent: number
  /** To be tried again. */
  left: PushTarget[]
  /** Whether a target in `left` carries something that the next try needs. */
  learned: boolean
  /** The longest wait that a vendor asked for; null when none did. */
  afterSeconds: number | null
  /** Tokens of devices that are gone, by provider. */
  dead: Map<ProviderName, string[]>
}

/** Rings every target once, through its provider. A vendor that fails holds up none of the others. */
export async function sendPush(
  providers: ReadonlyMap<ProviderName, Provider>,
  push: PushNotification,
  targets: readonly PushTarget[],
  log: Log,
): Promise<PushRound> {
  const rung: PushRound = { sent: 0, left: [], learned: false, afterSeconds: null, dead: new Map() }
  const groups = [...Map.groupBy(targets, (target) => target.provider)]
  await Promise.all(
    groups.map(async ([name, group]) => {
      const provider = providers.get(name)
      // It was taken out of the configuration while the job waited.
      if (!provider) return
      const fates = await provider.push(push, group).catch((error: unknown) => group.map(() => fateOfFault(error)))
      for (const [i, target] of group.entries()) note(rung, target, fates[i] ?? { fate: 'sent' })
      const hidden = [push.title, push.body, ...group.map(({ token }) => token)]
      report(name, fates, hidden, log)
    }),
  )
  return rung
}

function note(rung: PushRound, target: PushTarget, fate: Fate): void {
  if (fate.fate === 'sent') rung.sent++
  if (fate.fate === 'dead') rung.dead.set(target.provider, [...(rung.dead.get(target.provider) ?? []), target.token])
  if (fate.fate !== 'later') return
  const attempt = fate.attempt ?? ''
  if (attempt !== target.attempt) rung.learned = true
  rung.left.push({ ...target, attempt })
  if (fate.afterSeconds !== null) rung.afterSeconds = Math.max(rung.afterSeconds ?? 0, fate.afterSeconds)
}

/** Whatever else went wrong here, D1 away or a key that is none, may be put right: the queue keeps what cannot be done. */
function fateOfFault(error: unknown): Fate {
  if (error instanceof VendorError) return error.fate
  return { fate: 'later', why: reasonOf(error), afterSeconds: null }
}

/** One line for all that failed alike. Tokens and texts stay out of the log, also where a vendor repeats them. */
function report(provider: ProviderName, fates: readonly Fate[], hidden: readonly string[], log: Log): void {
  const counts = new Map<string, number>()
  for (const fate of fates) {
    if (!('why' in fate)) continue
    const why = hidden
      .filter((text) => text.length >= MIN_HIDDEN_CHARS)
      .reduce((sentence, text) => sentence.replaceAll(text, '…'), fate.why)
    const failure = `${fate.fate}: ${why.slice(0, MAX_LOGGED_CHARS)}`
    counts.set(failure, (counts.get(failure) ?? 0) + 1)
  }
  for (const [failure, targets] of counts) log.warn('an offline push failed', { provider, failure, targets })
}
