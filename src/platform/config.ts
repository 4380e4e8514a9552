import { z } from 'zod'
import type { Bindings } from '../env.ts'
import { PLATFORMS } from '../protocol/constants/platform.ts'
import { MULTI_LOGIN_POLICIES, type MultiLoginPolicy, type MultiLoginRules } from '../protocol/multi-login.ts'
import { type Hooks, WebhooksSetting } from './webhook-config.ts'

/** OpenIM's well-known secret: fine on a developer's machine, refused everywhere else. */
export const DEFAULT_SECRET = 'openIM123'

/** A secret shorter than this can be guessed from one captured token. */
const MIN_SECRET_LENGTH = 16

const DAY_SECONDS = 86_400
const BYTES_PER_MB = 1_048_576

const platformClass = z.enum(Object.values(PLATFORMS).map((platform) => platform.class))

/** Lines of the multi-login table, as JSON: `{"Mobile":["Mobile","Pad"],"PC":["same platform"]}`. */
const MultiLoginRulesSetting = z.partialRecord(
  platformClass,
  z.array(z.union([platformClass, z.literal('same platform')])),
)

const Settings = z.object({
  OPENIM_LOCAL: z.enum(['0', '1']).default('0'),
  OPENIM_SECRET: z.string().default(''),
  OPENIM_ADMIN_USER_IDS: z.string().default('imAdmin'),
  OPENIM_ADMIN_NICKNAMES: z.string().default('superAdmin'),
  OPENIM_TOKEN_EXPIRE_DAYS: z.coerce.number().int().min(1).max(36_500).default(90),
  OPENIM_MULTI_LOGIN_POLICY: z.enum(['0', '1', '4', '5']).default('1'),
  OPENIM_MULTI_LOGIN_RULES: z.string().transform(parseJson).pipe(MultiLoginRulesSetting).optional(),
  OPENIM_FRIEND_VERIFY: z.enum(['0', '1']).default('0'),
  OPENIM_MAX_TOKENS_PER_PLATFORM: z.coerce.number().int().min(1).max(1_000).default(30),
  OPENIM_MAX_FILE_MB: z.coerce.number().int().min(1).max(50_000).default(5_120),
  OPENIM_WEBHOOKS: z.string().transform(parseJson).pipe(WebhooksSetting).optional(),
  OPENIM_WEBHOOK_SECRET: z.string().default(''),
  OPENIM_WEBHOOK_RETRY_SECONDS: z.coerce.number().int().min(0).max(3_600).default(5),
  OPENIM_WEBHOOK_LOG_SIZE: z.coerce.number().int().min(0).max(1_000_000).default(10_000),
  OPENIM_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
})

export interface Config {
  local: boolean
  /** HS256 key of the tokens and the `secret` of `/auth/get_admin_token`. */
  secret: string
  /** The app's administrators, by userID, with the nickname their row gets. */
  admins: ReadonlyMap<string, string>
  tokenExpireSeconds: number
  /** Who goes when a device logs in: a policy's table, with the deployment's own lines in place of its. */
  multiLogin: MultiLoginRules
  maxTokensPerPlatform: number
  /** Whether only those whom the receiver has as a friend may write to a user. */
  friendVerify: boolean
  maxFileBytes: number
  /** What the app's own server is asked and told. */
  webhooks: Hooks
  /** Signs what is sent to webhooks; "" = no signature. */
  webhookSecret: string
  /** How long after a failed delivery the next one follows; each one after that waits twice as long. */
  webhookRetrySeconds: number
  /** How many deliveries the log keeps; 0 = there is no log. */
  webhookLogSize: number
  logLevel: LogLevel
  /** Why this deployment must not serve, or null when it may. */
  refusal: string | null
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

const parsed = new WeakMap<object, Config>()

/** The deployment's configuration, parsed once per isolate and set of bindings. */
export function configOf(env: Bindings): Config {
  let config = parsed.get(env)
  if (!config) {
    config = parseConfig(env)
    parsed.set(env, config)
  }
  return config
}

/** Never throws: a malformed setting becomes the refusal, so that every request says what is wrong. */
export function parseConfig(env: Partial<Record<keyof z.input<typeof Settings>, unknown>>): Config {
  const result = Settings.safeParse(definedOnly(env))
  const settings = result.success ? result.data : Settings.parse({})
  const nicknames = listOf(settings.OPENIM_ADMIN_NICKNAMES)
  const admins = new Map(listOf(settings.OPENIM_ADMIN_USER_IDS).map((id, i) => [id, nicknames[i] ?? id]))
  return {
    local: settings.OPENIM_LOCAL === '1',
    secret: settings.OPENIM_SECRET,
    admins,
    tokenExpireSeconds: settings.OPENIM_TOKEN_EXPIRE_DAYS * DAY_SECONDS,
    multiLogin: {
      ...MULTI_LOGIN_POLICIES[Number(settings.OPENIM_MULTI_LOGIN_POLICY) as MultiLoginPolicy],
      ...settings.OPENIM_MULTI_LOGIN_RULES,
    } as MultiLoginRules,
    maxTokensPerPlatform: settings.OPENIM_MAX_TOKENS_PER_PLATFORM,
    friendVerify: settings.OPENIM_FRIEND_VERIFY === '1',
    maxFileBytes: settings.OPENIM_MAX_FILE_MB * BYTES_PER_MB,
    webhooks: settings.OPENIM_WEBHOOKS ?? {},
    webhookSecret: settings.OPENIM_WEBHOOK_SECRET,
    webhookRetrySeconds: settings.OPENIM_WEBHOOK_RETRY_SECONDS,
    webhookLogSize: settings.OPENIM_WEBHOOK_LOG_SIZE,
    logLevel: settings.OPENIM_LOG_LEVEL,
    refusal: result.success ? refusalOf(settings, admins) : malformed(result.error),
  }
}

function refusalOf(settings: z.output<typeof Settings>, admins: ReadonlyMap<string, string>): string | null {
  if (admins.size === 0) return 'OPENIM_ADMIN_USER_IDS names no administrator'
  if (settings.OPENIM_LOCAL === '1') return settings.OPENIM_SECRET === '' ? 'OPENIM_SECRET is empty' : null
  if (settings.OPENIM_SECRET === '') return 'OPENIM_SECRET is not set; run `npx wrangler secret put OPENIM_SECRET`'
  if (settings.OPENIM_SECRET === DEFAULT_SECRET) {
    return 'OPENIM_SECRET is still the published default; run `npx wrangler secret put OPENIM_SECRET`'
  }
  if (settings.OPENIM_SECRET.length < MIN_SECRET_LENGTH) {
    return `OPENIM_SECRET is shorter than ${MIN_SECRET_LENGTH} characters`
  }
  return null
}

function malformed(error: z.ZodError): string {
  const issue = error.issues[0]
  return issue ? `setting ${issue.path.join('.')} is not valid: ${issue.message}` : 'the settings are not valid'
}

/** Only our names, and an empty variable counts as absent. */
function definedOnly(env: object): Record<string, unknown> {
  const names = Object.keys(Settings.shape)
  return Object.fromEntries(Object.entries(env).filter(([name, value]) => names.includes(name) && value !== ''))
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** What is no JSON is left for the schema to refuse. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
