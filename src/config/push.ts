import { z } from 'zod'
import { PLATFORMS, type PlatformID } from '../protocol/constants/platform.ts'
import { jsonOrText } from './json-or-text.ts'

/*
 * The setting OPENIM_PUSH: OpenIM's openim-push.yml as JSON. It differs in two ways: it can enable several providers at a
 * time, and there are three more providers. Sections of providers that are not enabled may be incomplete, as in OpenIM's
 * own file.
 */

export const PROVIDERS = ['fcm', 'apns', 'webpush', 'http', 'jpush', 'getui'] as const

export type ProviderName = (typeof PROVIDERS)[number]

const url = () => z.url({ protocol: /^https?$/, error: 'it is not an http or https address' })
/** An address to which paths are appended. */
const baseUrl = () => url().transform((given) => given.replace(/\/+$/, ''))
const filled = () => z.string().min(1, { error: 'it is empty' })
const text = () => z.string().nullish().transform(orEmpty)

/** The JSON file of a service account, as Google's console creates it; the fields that this service uses. */
export const ServiceAccount = z.object({
  project_id: filled(),
  client_email: filled(),
  private_key: pem(),
  private_key_id: z.string().default(''),
  token_uri: url().default('https://oauth2.googleapis.com/token'),
})

export type ServiceAccount = z.output<typeof ServiceAccount>

const SECTIONS = {
  fcm: z
    .object({
      serviceAccount: z
        .union([z.string().transform(jsonOrText), z.unknown()])
        .pipe(ServiceAccount)
        .optional(),
      authURL: blankIsAbsent(url()),
      filePath: z
        .string()
        .nullish()
        .refine((path) => !path, {
          error: 'this service cannot read a file; put the content of the file into OPENIM_PUSH_FCM_ACCOUNT',
        }),
      url: baseUrl().default('https://fcm.googleapis.com'),
    })
    .refine(({ serviceAccount, authURL }) => serviceAccount || authURL, {
      error: 'the service account is missing: set OPENIM_PUSH_FCM_ACCOUNT, or fcm.authURL',
    }),
  apns: z.object({
    keyID: filled(),
    teamID: filled(),
    /** The app's bundle ID. */
    topic: filled(),
    key: pem(),
    production: z.boolean().optional(),
    url: baseUrl().optional(),
  }),
  webpush: z.object({
    publicKey: base64url(65),
    privateKey: base64url(32),
    subject: z.string().regex(/^(mailto:|https:\/\/).+/, { error: 'it is neither a mailto: nor an https: address' }),
  }),
  http: z.object({
    url: url(),
    secret: z.string().min(16, { error: 'it is shorter than 16 characters' }),
    /** Whether the provider also gets users without a registered token, by userID. */
    byUserID: z.boolean().default(false),
  }),
  jpush: z.object({
    appKey: filled(),
    masterSecret: filled(),
    pushURL: blankIsAbsent(baseUrl()).transform((given) => given ?? 'https://api.jpush.cn/v3/push'),
    pushIntent: text(),
    cid: z.boolean().default(true),
  }),
  getui: z.object({
    pushUrl: baseUrl().refine((given) => !given.includes('$'), {
      error: 'it still contains the placeholder for the appId: put the appId of your app there',
    }),
    appKey: filled(),
    masterSecret: filled(),
    intent: text(),
    channelID: text(),
    channelName: text(),
  }),
} as const

export type FcmConfig = z.output<(typeof SECTIONS)['fcm']>
export type ApnsConfig = z.output<(typeof SECTIONS)['apns']>
export type WebPushConfig = z.output<(typeof SECTIONS)['webpush']>
export type HttpPushConfig = z.output<(typeof SECTIONS)['http']>
export type JpushConfig = z.output<(typeof SECTIONS)['jpush']>
export type GetuiConfig = z.output<(typeof SECTIONS)['getui']>

interface ProviderConfigs {
  fcm: FcmConfig
  apns: ApnsConfig
  webpush: WebPushConfig
  http: HttpPushConfig
  jpush: JpushConfig
  getui: GetuiConfig
}

/** `"fcm"`, `"fcm, apns"` or `["fcm", "apns"]`, in any case. */
const names = z
  .union([z.string().transform((list) => list.split(',')), z.array(z.string())])
  .transform((list) => list.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))
  .pipe(z.array(z.enum(PROVIDERS, { error: `a provider is one of ${PROVIDERS.join(', ')}` })))

const platformNames = new Map(Object.entries(PLATFORMS).map(([id, { name }]) => [name.toLowerCase(), Number(id)]))

const platformKey = z
  .string()
  .transform((key) => platformNames.get(key.toLowerCase()) ?? Number(key))
  .pipe(
    z.custom<PlatformID>((id) => [...platformNames.values()].includes(id as number), 'this platform does not exist'),
  )

const General = z.object({
  enable: names.nullish().transform((given) => [...new Set(given ?? [])]),
  /** Per platform, the providers that may serve it, best first. */
  platforms: z.record(z.string(), names).default({}),
  /** Titles that replace the default ones, by contentType. */
  titles: z.record(z.string().regex(/^\d+$/), z.string()).default({}),
  collapse: z.enum(['message', 'conversation']).default('message'),
  /** Messages of a conversation within this many seconds after a push wait, and then become one push. */
  burstSeconds: z.number().min(0).max(60).default(3),
  iosPush: z
    .object({ pushSound: text(), production: z.boolean().nullish() })
    .nullish()
    .transform((given) => ({ pushSound: given?.pushSound ?? '', production: given?.production ?? false })),
})

/** The configuration of offline push. Without a provider offline push is off. */
export interface PushConfig {
  providers: Partial<ProviderConfigs>
  /** The providers that serve each platform, best first. */
  routes: ReadonlyMap<PlatformID, readonly ProviderName[]>
  titles: ReadonlyMap<number, string>
  collapse: 'message' | 'conversation'
  burstMs: number
  /** The sound of a push whose message names no sound; "" = the device's default. */
  sound: string
  /** Whether JPush and APNs use Apple's production service. */
  production: boolean
}

/** The platforms that each provider serves, unless the setting `platforms` lists its providers. */
const SERVES: Record<ProviderName, readonly PlatformID[]> = {
  apns: [1, 4, 9],
  webpush: [5],
  fcm: [1, 2, 5, 8, 9],
  http: [1, 2, 3, 4, 5, 6, 7, 8, 9, 11],
  jpush: [1, 2, 11],
  getui: [1, 2, 11],
}

/** The providers, best first. */
const PREFERENCE: readonly ProviderName[] = ['apns', 'webpush', 'fcm', 'http', 'jpush', 'getui']

/** Secrets that have their own settings, by the field of OPENIM_PUSH that each one fills. */
export interface PushSecrets {
  fcm?: { serviceAccount: string }
  apns?: { key: string }
  webpush?: { privateKey: string }
  http?: { secret: string }
  jpush?: { masterSecret: string }
  getui?: { masterSecret: string }
}

export type ParsedPush = { push: PushConfig | null; refusal: null } | { push: null; refusal: string }

/** Parses OPENIM_PUSH and its secrets. Never throws: an error becomes the sentence of the refusal. */
export function parsePush(setting: string, secrets: PushSecrets): ParsedPush {
  const given = z.record(z.string(), z.unknown()).safeParse(setting === '' ? {} : jsonOrText(setting))
  if (!given.success) return refused('OPENIM_PUSH', { message: 'it is not a JSON object', path: [] })
  const general = General.safeParse(given.data)
  if (!general.success) return refused('OPENIM_PUSH', general.error.issues[0])
  const { enable, platforms, titles, collapse, burstSeconds, iosPush } = general.data
  const providers: Partial<Record<ProviderName, unknown>> = {}
  for (const name of enable) {
    const section = z.record(z.string(), z.unknown()).catch({}).parse(given.data[name])
    const parsed = SECTIONS[name].safeParse({ ...section, ...secrets[name] })
    if (!parsed.success) return refused(`OPENIM_PUSH, ${name}`, parsed.error.issues[0])
    providers[name] = parsed.data
  }
  const routes = routesOf(enable, platforms)
  if (typeof routes === 'string') return { push: null, refusal: routes }
  if (enable.length === 0) return { push: null, refusal: null }
  return {
    refusal: null,
    push: {
      providers: providers as Partial<ProviderConfigs>,
      routes,
      titles: new Map(Object.entries(titles).map(([type, title]) => [Number(type), title])),
      collapse,
      burstMs: burstSeconds * 1_000,
      sound: iosPush.pushSound,
      production: iosPush.production,
    },
  }
}

function routesOf(
  enable: readonly ProviderName[],
  platforms: Record<string, ProviderName[]>,
): Map<PlatformID, readonly ProviderName[]> | string {
  const routes = new Map<PlatformID, readonly ProviderName[]>()
  for (const id of platformNames.values() as Iterable<PlatformID>) {
    routes.set(
      id,
      PREFERENCE.filter((name) => enable.includes(name) && SERVES[name].includes(id)),
    )
  }
  for (const [key, wanted] of Object.entries(platforms)) {
    const id = platformKey.safeParse(key)
    if (!id.success)
      return `setting OPENIM_PUSH is not valid: platforms names ${JSON.stringify(key)}, which is not a platform`
    const idle = wanted.find((name) => !enable.includes(name))
    if (idle) return `setting OPENIM_PUSH is not valid: platforms gives ${key} to ${idle}, which is not enabled`
    routes.set(id.data, wanted)
  }
  return routes
}

function refused(where: string, issue?: { message: string; path: PropertyKey[] }): ParsedPush {
  const field = issue && issue.path.length > 0 ? `, ${issue.path.join('.')}` : ''
  return { push: null, refusal: `setting ${where}${field} is not valid: ${issue?.message ?? 'it cannot be read'}` }
}

/** A private key in the consoles' format. Line breaks that became the two characters `\n` in a variable are restored. */
function pem() {
  return z
    .string()
    .transform((given) => given.replaceAll('\\n', '\n').trim())
    .refine((key) => /^-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----$/.test(key), {
      error: 'it is not a private key in PEM (-----BEGIN PRIVATE KEY-----)',
    })
}

function base64url(bytes: number) {
  return z.string().refine((given) => /^[\w-]+=*$/.test(given) && Buffer.from(given, 'base64url').length === bytes, {
    error: `it is not ${bytes} bytes in base64url`,
  })
}

/** OpenIM: in its file an unused key is empty instead of absent. */
function blankIsAbsent<S extends z.ZodType>(schema: S) {
  return z.union([z.literal('').transform(() => undefined), z.null().transform(() => undefined), schema]).optional()
}

function orEmpty(given: string | null | undefined): string {
  return given ?? ''
}
