import { z } from 'zod'
import { PLATFORMS, type PlatformID } from '../protocol/constants/platform.ts'

/*
 * The setting OPENIM_PUSH: OpenIM's openim-push.yml written as JSON, with more than one provider at a time and three
 * more kinds of them. Sections of providers that are not enabled may be there, half filled as in OpenIM's own file.
 */

export const PROVIDERS = ['fcm', 'apns', 'webpush', 'http', 'jpush', 'getui'] as const

export type ProviderName = (typeof PROVIDERS)[number]

const url = () => z.url({ protocol: /^https?$/, error: 'it is not an http or https address' })
/** An address that paths are put behind. */
const baseUrl = () => url().transform((given) => given.replace(/\/+$/, ''))
const filled = () => z.string().min(1, { error: 'it is empty' })
const text = () => z.string().nullish().transform(orEmpty)

/** What Google's console gives as a JSON file; only these of its fields are used. */
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
        .union([z.string().transform(parseJson), z.unknown()])
        .pipe(ServiceAccount)
        .optional(),
      authURL: blankIsAbsent(url()),
      filePath: z
        .string()
        .nullish()
        .refine((path) => !path, {
          error: 'there is no file to read here; put the content of that file into OPENIM_PUSH_FCM_ACCOUNT',
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
    /** Whether users without a registered token are handed over too, by userID. */
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

/** `"fcm"`, `"fcm, apns"` or `["fcm", "apns"]`, whatever the case. */
const names = z
  .union([z.string().transform((list) => list.split(',')), z.array(z.string())])
  .transform((list) => list.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''))
  .pipe(z.array(z.enum(PROVIDERS, { error: `a provider is one of ${PROVIDERS.join(', ')}` })))

const platformNames = new Map(Object.entries(PLATFORMS).map(([id, { name }]) => [name.toLowerCase(), Number(id)]))

const platformKey = z
  .string()
  .transform((key) => platformNames.get(key.toLowerCase()) ?? Number(key))
  .pipe(z.custom<PlatformID>((id) => [...platformNames.values()].includes(id as number), 'there is no such platform'))

const General = z.object({
  enable: names.nullish().transform((given) => [...new Set(given ?? [])]),
  /** Per platform, the providers that may serve it, best first. */
  platforms: z.record(z.string(), names).default({}),
  /** Titles in place of the usual ones, by contentType. */
  titles: z.record(z.string().regex(/^\d+$/), z.string()).default({}),
  collapse: z.enum(['message', 'conversation']).default('message'),
  /** Within so many seconds of a push, what follows in the conversation waits and becomes one push. */
  burstSeconds: z.number().min(0).max(60).default(3),
  iosPush: z
    .object({ pushSound: text(), production: z.boolean().nullish() })
    .nullish()
    .transform((given) => ({ pushSound: given?.pushSound ?? '', production: given?.production ?? false })),
})

/** What offline push goes by; there is none without a provider. */
export interface PushConfig {
  providers: Partial<ProviderConfigs>
  /** Which providers serve a platform, best first. */
  routes: ReadonlyMap<PlatformID, readonly ProviderName[]>
  titles: ReadonlyMap<number, string>
  collapse: 'message' | 'conversation'
  burstMs: number
  /** The sound of a message that names none; "" = the device's own. */
  sound: string
  /** Whether JPush and APNs speak to Apple's production service. */
  production: boolean
}

/** Where each provider is of use, unless `platforms` says otherwise. Best first, which is the order of PROVIDERS too. */
const SERVES: Record<ProviderName, readonly PlatformID[]> = {
  apns: [1, 4, 9],
  webpush: [5],
  fcm: [1, 2, 5, 8, 9],
  http: [1, 2, 3, 4, 5, 6, 7, 8, 9, 11],
  jpush: [1, 2, 11],
  getui: [1, 2, 11],
}

const PREFERENCE: readonly ProviderName[] = ['apns', 'webpush', 'fcm', 'http', 'jpush', 'getui']

/** Secrets that have a setting of their own, and the field each one fills. */
export interface PushSecrets {
  fcm?: { serviceAccount: string }
  apns?: { key: string }
  webpush?: { privateKey: string }
  http?: { secret: string }
  jpush?: { masterSecret: string }
  getui?: { masterSecret: string }
}

export type ParsedPush = { push: PushConfig | null; refusal: null } | { push: null; refusal: string }

/** Reads OPENIM_PUSH and the secrets that go with it. Never throws: what is wrong becomes the refusal's sentence. */
export function parsePush(setting: string, secrets: PushSecrets): ParsedPush {
  const given = z.record(z.string(), z.unknown()).safeParse(setting === '' ? {} : parseJson(setting))
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
    if (!id.success) return `setting OPENIM_PUSH is not valid: platforms names ${JSON.stringify(key)}, no platform`
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

/** A private key as the consoles hand it out; line breaks may have become `\n` on their way into a variable. */
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

/** OpenIM's file leaves what is not wanted as an empty key. */
function blankIsAbsent<S extends z.ZodType>(schema: S) {
  return z.union([z.literal('').transform(() => undefined), z.null().transform(() => undefined), schema]).optional()
}

function orEmpty(given: string | null | undefined): string {
  return given ?? ''
}

/** What is no JSON is left for the schema to refuse. */
function parseJson(given: string): unknown {
  try {
    return JSON.parse(given)
  } catch {
    return given
  }
}
