import { z } from 'zod'
import { DEAD_WEBHOOKS, isWebhookName, WEBHOOKS, type WebhookName } from '../protocol/constants/webhook.ts'

/** OpenIM: the default timeout, and the longest timeout that its HTTP client allows for any configuration. */
const DEFAULT_TIMEOUT_SECONDS = 5
const MAX_TIMEOUT_SECONDS = 15

/** An enabled webhook. */
export interface Hook {
  /** Complete addresses: each ends with the webhook's command. */
  urls: readonly string[]
  timeoutMs: number
  /** Whether the operation continues when the app server does not answer a before-webhook. */
  failedContinue: boolean
  /** Content types for which the webhook is not called. */
  deniedTypes: ReadonlySet<number>
  /** The receivers (users or groups) for which the webhook is called; empty = all. */
  attentionIDs: ReadonlySet<string>
}

/** The enabled webhooks by name. */
export type Hooks = Readonly<Partial<Record<WebhookName, Hook>>>

const address = z.string().superRefine((text, check) => {
  const refuse = (message: string) => check.addIssue({ code: 'custom', message })
  const url = URL.parse(text)
  // The errors do not quote the address: it may contain a key, and anyone can read why a deployment refuses to serve.
  if (!url) return refuse('it is not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refuse('a webhook needs an http or https address')
  if (url.username !== '' || url.password !== '')
    return refuse('a webhook URL must not contain a user name or password')
  if (url.hash !== '') refuse('a webhook URL must not contain a #')
})

/** One URL, several URLs, or neither. "" counts as absent, like an empty line of webhooks.yml. */
const addresses = {
  url: z.union([z.literal(''), address]).nullish(),
  urls: z.array(address).nullish(),
}

const HookSetting = z.strictObject({
  ...addresses,
  enable: z.boolean().nullish(),
  timeout: z.number().min(0).nullish(),
  failedContinue: z.boolean().nullish(),
  deniedTypes: z.array(z.int()).nullish(),
  attentionIds: z.array(z.string()).nullish(),
})

const names = [...Object.keys(WEBHOOKS), ...DEAD_WEBHOOKS]

/** OpenIM's webhooks.yml as an object. Unknown names are refused: a misspelt webhook would never be called. */
export const WebhooksSetting = z
  .strictObject({ ...addresses, ...Object.fromEntries(names.map((name) => [name, HookSetting.nullish()])) })
  .transform((given, check): Hooks => {
    const commonURLs = urlsOf(z.object(addresses).parse(given))
    const hooks: Partial<Record<WebhookName, Hook>> = {}
    for (const [name, value] of Object.entries(given)) {
      if (!isWebhookName(name)) continue
      const setting = HookSetting.nullish().parse(value)
      if (!setting?.enable) continue
      const own = urlsOf(setting)
      const hook = hookOf(name, setting, own.length > 0 ? own : commonURLs)
      if (hook.urls.length > 0) hooks[name] = hook
      else check.addIssue({ code: 'custom', path: [name], message: 'it is enabled and has no url' })
    }
    return hooks
  })

function urlsOf({ url, urls }: { url?: string | null | undefined; urls?: string[] | null | undefined }): string[] {
  return [...new Set([...(url ? [url] : []), ...(urls ?? [])])]
}

function hookOf(name: WebhookName, setting: z.output<typeof HookSetting>, urls: readonly string[]): Hook {
  const entry = WEBHOOKS[name]
  // OpenIM: with null and 0 only the limit of the HTTP client applies.
  const timeoutSeconds = Math.min(
    setting.timeout === undefined ? DEFAULT_TIMEOUT_SECONDS : setting.timeout || MAX_TIMEOUT_SECONDS,
    MAX_TIMEOUT_SECONDS,
  )
  return {
    urls: urls.map((url) => addressOf(url, entry.command)),
    timeoutMs: timeoutSeconds * 1000,
    failedContinue: setting.failedContinue ?? (entry.kind === 'before' && entry.failedContinue),
    deniedTypes: new Set(setting.deniedTypes),
    attentionIDs: new Set(setting.attentionIds),
  }
}

/** Appends the command to the path of an address; the address keeps its query. */
function addressOf(base: string, command: string): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${command}`
  return url.href
}
