import type { ProviderName } from '../config/push.ts'
import type { PushTarget } from '../contracts/jobs.ts'
import { type Log, reasonOf } from '../platform/observability/log.ts'
import type { PushNotification } from './compose-push.ts'
import { type Provider, type PushOutcome, VendorError } from './providers/provider.ts'

const MAX_LOGGED_CHARS = 300
/** Shorter texts are not hidden: any answer may contain them by chance. */
const MIN_HIDDEN_CHARS = 6

/** The result of trying every target once. */
export interface PushRound {
  sentCount: number
  /** Targets to try again later. */
  retryTargets: PushTarget[]
  /** Whether the `attempt` of a retry target changed: the next try needs the new value. */
  hasNewAttempt: boolean
  /** The longest wait that a vendor asked for; null when no vendor asked for one. */
  retryAfterSeconds: number | null
  /** Tokens that vendors report as no longer valid, by provider. */
  invalidTokens: Map<ProviderName, string[]>
}

/** Pushes to every target once, through its provider. A vendor that fails delays no other vendor. */
export async function sendPush(
  providers: ReadonlyMap<ProviderName, Provider>,
  push: PushNotification,
  targets: readonly PushTarget[],
  log: Log,
): Promise<PushRound> {
  const round: PushRound = {
    sentCount: 0,
    retryTargets: [],
    hasNewAttempt: false,
    retryAfterSeconds: null,
    invalidTokens: new Map(),
  }
  const groups = [...Map.groupBy(targets, (target) => target.provider)]
  await Promise.all(
    groups.map(async ([name, group]) => {
      const provider = providers.get(name)
      // The provider was removed from the configuration while the job waited.
      if (!provider) return
      const outcomes = await provider
        .push(push, group)
        .catch((error: unknown) => group.map(() => outcomeOfError(error)))
      for (const [i, target] of group.entries()) addOutcome(round, target, outcomes[i] ?? { outcome: 'sent' })
      const hidden = [push.title, push.body, ...group.map(({ token }) => token)]
      logFailures(name, outcomes, hidden, log)
    }),
  )
  return round
}

function addOutcome(round: PushRound, target: PushTarget, result: PushOutcome): void {
  const { provider } = target
  if (result.outcome === 'sent') round.sentCount++
  if (result.outcome === 'invalid-token') {
    round.invalidTokens.set(provider, [...(round.invalidTokens.get(provider) ?? []), target.token])
  }
  if (result.outcome !== 'retry') return
  const attempt = result.attempt ?? ''
  if (attempt !== target.attempt) round.hasNewAttempt = true
  round.retryTargets.push({ ...target, attempt })
  if (result.afterSeconds !== null) {
    round.retryAfterSeconds = Math.max(round.retryAfterSeconds ?? 0, result.afterSeconds)
  }
}

/**
 * Other errors (D1 cannot be reached, a key cannot be used) may pass: the queue repeats the push, then dead-letters it.
 */
function outcomeOfError(error: unknown): PushOutcome {
  if (error instanceof VendorError) return error.result
  return { outcome: 'retry', reason: reasonOf(error), afterSeconds: null }
}

/** Logs one line per distinct failure. Tokens and texts are hidden, also where a vendor's answer repeats them. */
function logFailures(
  provider: ProviderName,
  outcomes: readonly PushOutcome[],
  hidden: readonly string[],
  log: Log,
): void {
  const counts = new Map<string, number>()
  for (const result of outcomes) {
    if (!('reason' in result)) continue
    const reason = hidden
      .filter((text) => text.length >= MIN_HIDDEN_CHARS)
      .reduce((sentence, text) => sentence.replaceAll(text, '…'), result.reason)
    const failure = `${result.outcome}: ${reason.slice(0, MAX_LOGGED_CHARS)}`
    counts.set(failure, (counts.get(failure) ?? 0) + 1)
  }
  for (const [failure, targets] of counts) log.warn('offline push failed', { provider, failure, targets })
}
