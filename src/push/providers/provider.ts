import type { PushTarget } from '../../contracts/jobs.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import type { PushNotification } from '../compose-push.ts'
import type { Credentials } from '../credentials.ts'

/** The result of a push to one target. */
export type PushOutcome =
  | { outcome: 'sent' }
  /** The vendor reports that the token is no longer valid: remove it. */
  | { outcome: 'invalid-token' }
  /** The vendor rejected the push, and a retry would be rejected, too. */
  | { outcome: 'rejected'; reason: string }
  /** The vendor is busy or cannot be reached. The next try gets `attempt` back in its target. */
  | { outcome: 'retry'; reason: string; afterSeconds: number | null; attempt?: string }

export type FailedPush = Extract<PushOutcome, { reason: string }>

/** One push service that the configuration can enable. */
export interface Provider {
  /** One outcome per target, in order. May throw a VendorError when no target was pushed to. */
  push(push: PushNotification, targets: readonly PushTarget[]): Promise<PushOutcome[]>
  /** @throws Error when a key of the configuration cannot be used */
  checkKeys(): Promise<void>
}

/** The arguments of every provider, besides its configuration. */
export interface ProviderDeps {
  credentials: Credentials
  /** ms. */
  now(): number
  /** Whether to use Apple's production service, not its sandbox. */
  production: boolean
}

/** A failure that concerns all targets of a call, for example a credential that the vendor does not issue. */
export class VendorError extends Error {
  readonly result: FailedPush

  constructor(result: FailedPush) {
    super(result.reason)
    this.result = result
  }
}

export const SENT: PushOutcome = { outcome: 'sent' }
export const INVALID_TOKEN: PushOutcome = { outcome: 'invalid-token' }

export function rejected(reason: string): FailedPush {
  return { outcome: 'rejected', reason }
}

/** A vendor's answer; status 0 when the vendor did not answer. */
export interface Answer {
  status: number
  text: string
  /** The value of the header Retry-After. */
  afterSeconds: number | null
}

/** A vendor that does not answer within this time counts as not reachable. */
const TIMEOUT_MS = 10_000
/** The runtime opens at most 6 connections at a time. */
const MAX_PARALLEL = 6
/** The part of an answer that is kept as the reason; the log cuts it shorter. */
const MAX_REASON_CHARS = 10_000

const OK = 200
const TOO_MANY_REQUESTS = 429
const SERVER_FAULT = 500

/** Calls a vendor. Never throws: status 0 means that the vendor did not answer. */
export async function callVendor(url: string, init: RequestInit): Promise<Answer> {
  const aborter = new AbortController()
  const timer = setTimeout(() => aborter.abort(), TIMEOUT_MS)
  try {
    const response = await fetch(url, { ...init, signal: aborter.signal, redirect: 'manual' })
    const text = await response.text()
    return { status: response.status, text, afterSeconds: secondsOf(response.headers.get('retry-after')) }
  } catch (error) {
    return { status: 0, text: String(error), afterSeconds: null }
  } finally {
    clearTimeout(timer)
  }
}

export function postJson(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  return callVendor(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

export function isOk({ status }: Answer): boolean {
  return status >= OK && status < 300
}

/** Whether a later retry of the same call may succeed. */
function isTemporary({ status }: Answer): boolean {
  return status === 0 || status === TOO_MANY_REQUESTS || status >= SERVER_FAULT
}

/** Whether the vendor may have sent the push nevertheless: it did not reject the call, but failed. */
export function isAmbiguous({ status }: Answer): boolean {
  return status === 0 || status >= SERVER_FAULT
}

/** The outcome of an answer that is not a success, judged by its status alone. */
export function outcomeOfFailure(answer: Answer): FailedPush {
  const reason = `${answer.status === 0 ? 'no answer' : answer.status}: ${answer.text.slice(0, MAX_REASON_CHARS)}`
  return isTemporary(answer) ? { outcome: 'retry', reason, afterSeconds: answer.afterSeconds } : rejected(reason)
}

/** For vendors that accept one token per call. */
export function forEachTarget(
  targets: readonly PushTarget[],
  send: (target: PushTarget) => Promise<PushOutcome>,
): Promise<PushOutcome[]> {
  return inParallel(targets, MAX_PARALLEL, send)
}

/** The parsed JSON, or null when the text is not JSON. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Parses Retry-After, which is a number of seconds or a date. */
function secondsOf(header: string | null): number | null {
  if (header === null) return null
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null
}
