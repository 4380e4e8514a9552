import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test'
import { vi } from 'vitest'
import { WebhooksSetting } from '../../src/config/webhook.ts'
import type { WebhookJob } from '../../src/contracts/jobs.ts'
import type { Bindings } from '../../src/env.ts'
import { createApp } from '../../src/http/app.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { WEBHOOKS, type WebhookName } from '../../src/protocol/constants/webhook.ts'
import { setForObjects } from './object-settings.ts'
import { adminToken, bindings, type ReplyBody } from './rig.ts'

/** A fake app server in place of the global `fetch`, and a Worker whose webhooks call it. */

export const HOOKS = 'https://app.example/hooks'
export const SECRET = 'a secret that both servers share'

export interface Asked {
  url: URL
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the body holds
  body: any
}

type Answer = Response | object | Promise<Response>

export class AppServer {
  /** The requests that the app server got, in order. */
  readonly asked: Asked[] = []
  /** The jobs in the webhook queue, in order. */
  readonly queued: WebhookJob[] = []
  answer: (asked: Asked, signal: AbortSignal) => Answer = () => GO_ON

  /** Runs before the queue accepts a batch; a rejection makes the queue refuse it. */
  beforeEnqueue: () => Promise<void> = async () => {}

  readonly #queue = {
    sendBatch: async (messages: Iterable<{ body: WebhookJob }>) => {
      await this.beforeEnqueue()
      this.queued.push(...[...messages].map(({ body }) => body))
    },
  } as unknown as Queue

  constructor() {
    vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
      const request = new Request(input, init)
      const text = await request.clone().text()
      const asked = { url: new URL(request.url), headers: request.headers, text, body: JSON.parse(text) }
      this.asked.push(asked)
      const answer = await this.answer(asked, init?.signal ?? request.signal)
      return answer instanceof Response ? answer : Response.json(answer)
    })
  }

  /** The Worker's bindings with these webhooks on; each value is that webhook's part of the configuration. */
  env(webhooks: Record<string, object>, more: Partial<Bindings> = {}): Bindings {
    return {
      ...bindings,
      WEBHOOK_QUEUE: this.#queue,
      OPENIM_WEBHOOKS: JSON.stringify(settingOf(webhooks)),
      OPENIM_WEBHOOK_SECRET: SECRET,
      ...more,
    }
  }

  /** Switches on these webhooks, and no others, for the objects of this test file until `leaveObjects`. */
  async inObjects(webhooks: Record<string, object>): Promise<void> {
    this.leaveObjects()
    const settings = { webhooks: WebhooksSetting.parse(settingOf(webhooks)), webhookSecret: SECRET }
    this.leaveObjects = await setForObjects(settings, { WEBHOOK_QUEUE: this.#queue })
  }

  leaveObjects: () => void = () => {}

  /** Makes a REST call to a Worker with these bindings. */
  async call(env: Bindings, path: string, body: unknown, token?: string): Promise<ReplyBody> {
    const ctx = createExecutionContext()
    const headers = { operationID: 'op-1', token: token ?? (await adminToken()) }
    const request = new Request(`http://127.0.0.1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const response = await app.fetch(request, env, ctx)
    await waitOnExecutionContext(ctx)
    return response.json()
  }

  /** The bodies of the requests of one webhook. */
  askedAs(name: WebhookName): Asked['body'][] {
    return this.asked.map(({ body }) => body).filter((body) => body.callbackCommand === WEBHOOKS[name].command)
  }

  /** The bodies of the queued jobs of one after-webhook. */
  afterWebhooks(name: string): unknown[] {
    return this.queued.filter((job) => job.name === name).map((job) => JSON.parse(job.body ?? ''))
  }
}

/** The webhook configuration with these webhooks on. */
function settingOf(webhooks: Record<string, object>) {
  const enabled = Object.entries(webhooks).map(([name, given]) => [name, { enable: true, ...given }])
  return { url: HOOKS, ...Object.fromEntries(enabled) }
}

const app = createApp(endpoints)

export const GO_ON = { actionCode: 0, nextCode: 0, errCode: 0, errMsg: '', errDlt: '' }
export const REFUSE = { actionCode: 0, nextCode: 1, errCode: 5001, errMsg: 'AppSaysNo', errDlt: 'not today' }
