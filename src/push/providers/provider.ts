import type { PushTarget } from '../../contracts/jobs.ts'
import { inParallel } from '../../platform/concurrency/parallel.ts'
import type { PushNotification } from '../compose-push.ts'
import type { Credentials } from '../credentials.ts'

/** What became of one target. */
export type Fate =
  | { fate: 'sent' }
  /** The vendor knows that the device is gone: its token is to be removed. */
  | { fate: 'dead' }
  /** It will not do, and trying again would change nothing. */
  | { fate: 'refused'; why: string }
  /** The vendor is busy or cannot be reached. `attempt` is given back with the next try. */
  | { fate: 'later'; why: string; afterSeconds: number | null; attempt?: string }

export interface Provider {
  /** One fate per target, in order. May throw a VendorError when nothing was sent to anyone. */
  push(push: PushNotification, targets: readonly PushTarget[]): Promise<Fate[]>
  /** @throws Error with a sentence for the operator when the keys of the configuration cannot be used */
  checkKeys(): Promise<void>
}

/** What providers stand on. */
export interface ProviderDeps {
  credentials: Credentials
  /** ms. */
  now(): number
  /** Whether Apple's production service is meant. */
  production: boolean
}

/** Something in common to all targets failed: their credential could not be had, say. */
export class VendorError extends Error {
  readonly fate: Fate

  constructor(fate: Extract<Fate, { why: string }>) {
    super(fate.why)
    this.fate = fate
  }
}

export const SENT: Fate = { fate: 'sent' }
export const DEAD: Fate = { fate: 'dead' }

export function refused(why: string): Extract<Fate, { why: string }> {
  return { fate: 'refused', why }
}

/** A vendor's answer; status 0 when there was none. */
export interface Answer {
  status: number
  text: string
  /** Of the header Retry-After. */
  afterSeconds: number | null
}

/** A vendor that is slower than this counts as not reachable. */
const TIMEOUT_MS = 10_000
/** The runtime opens no more connections at a time. */
const AT_A_TIME = 6
/** Of an answer, no more can tell why. Who logs it cuts it shorter. */
const MAX_WHY_CHARS = 10_000

const OK = 200
const TOO_MANY_REQUESTS = 429
const SERVER_FAULT = 500

/** Calls a vendor. Never throws: what does not answer is status 0. */
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

/** Whether the same call may do better in a while. */
function isPassing({ status }: Answer): boolean {
  return status === 0 || status === TOO_MANY_REQUESTS || status >= SERVER_FAULT
}

/** Whether the vendor may have done it all the same: it did not say no, it broke. */
export function isAmbiguous({ status }: Answer): boolean {
  return status === 0 || status >= SERVER_FAULT
}

/** The fate behind an answer that is neither good nor understood more exactly. */
export function fateOf(answer: Answer): Extract<Fate, { why: string }> {
  const why = `${answer.status === 0 ? 'no answer' : answer.status}: ${answer.text.slice(0, MAX_WHY_CHARS)}`
  return isPassing(answer) ? { fate: 'later', why, afterSeconds: answer.afterSeconds } : refused(why)
}

/** For vendors that take one token a call. */
export function forEach(targets: readonly PushTarget[], send: (target: PushTarget) => Promise<Fate>): Promise<Fate[]> {
  return inParallel(targets, AT_A_TIME, send)
}

/** JSON as the vendor wrote it, or null. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Retry-After is a number of seconds or a date. */
function secondsOf(header: string | null): number | null {
  if (header === null) return null
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1_000
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null
}
