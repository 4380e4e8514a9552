import { z } from 'zod'
import { DEAD_WEBHOOKS, isWebhookName, WEBHOOKS, type WebhookName } from '../protocol/constants/webhook.ts'

/** OpenIM's default, and the most that it ever waits, whatever the configuration says; seconds. */
const DEFAULT_TIMEOUT = 5
const MAX_TIMEOUT = 15

/** A webhook that is switched on. */
export interface Hook {
  /** Complete addresses: each ends with the webhook's command. */
  urls: readonly string[]
  timeoutMs: number
  /** Of a before-hook: whether what the app was asked about goes on when the app does not answer. */
  failedContinue: boolean
  /** Content types that are not told. */
  deniedTypes: ReadonlySet<number>
  /** The only receivers (users or groups) that are told of; empty = all. */
  attentionIDs: ReadonlySet<string>
}

/** The webhooks that are switched on. One that is absent costs nothing. */
export type Hooks = Readonly<Partial<Record<WebhookName, Hook>>>

const address = z.string().superRefine((text, check) => {
  const refuse = (message: string) => check.addIssue({ code: 'custom', message })
  const url = URL.parse(text)
  // Not repeated: an address may hold the key to it, and anybody may read why a deployment does not serve.
  if (!url) return refuse('it is not a URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refuse('a webhook goes to http or https only')
  if (url.username !== '' || url.password !== '') return refuse('a URL with a name or password in it is not possible')
  if (url.hash !== '') refuse('a URL with a # in it is not possible')
})

/** One URL, several, or none of its own; "" is none, as an empty line of webhooks.yml. */
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

/** OpenIM's webhooks.yml, as an object. What it does not know is refused: a misspelt hook would never be heard. */
export const WebhooksSetting = z
  .strictObject({ ...addresses, ...Object.fromEntries(names.map((name) => [name, HookSetting.nullish()])) })
  .transform((given, check): Hooks => {
    const everywhere = urlsOf(z.object(addresses).parse(given))
    const hooks: Partial<Record<WebhookName, Hook>> = {}
    for (const [name, value] of Object.entries(given)) {
      if (!isWebhookName(name)) continue
      const setting = HookSetting.nullish().parse(value)
      if (!setting?.enable) continue
      const own = urlsOf(setting)
      const hook = hookOf(name, setting, own.length > 0 ? own : everywhere)
      if (hook.urls.length > 0) hooks[name] = hook
      else check.addIssue({ code: 'custom', path: [name], message: 'it is switched on and has no url' })
    }
    return hooks
  })

function urlsOf({ url, urls }: { url?: string | null | undefined; urls?: string[] | null | undefined }): string[] {
  return [...new Set([...(url ? [url] : []), ...(urls ?? [])])]
}

function hookOf(name: WebhookName, setting: z.output<typeof HookSetting>, urls: readonly string[]): Hook {
  const entry = WEBHOOKS[name]
  // null and 0 count as not given: OpenIM then has no limit but its last one.
  const timeout = Math.min(
    setting.timeout === undefined ? DEFAULT_TIMEOUT : setting.timeout || MAX_TIMEOUT,
    MAX_TIMEOUT,
  )
  return {
    urls: urls.map((url) => addressOf(url, entry.command)),
    timeoutMs: timeout * 1000,
    failedContinue: setting.failedContinue ?? (entry.kind === 'before' && entry.failedContinue),
    deniedTypes: new Set(setting.deniedTypes),
    attentionIDs: new Set(setting.attentionIds),
  }
}

/** The command becomes the last step of the path; a query of the operator's own stays behind it. */
function addressOf(base: string, command: string): string {
  const url = new URL(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${command}`
  return url.href
}
