import { z } from 'zod'
import type { Bindings } from '../env.ts'
import { PLATFORMS } from '../protocol/constants/platform.ts'
import { MULTI_LOGIN_POLICIES, type MultiLoginPolicy, type MultiLoginRules } from '../protocol/multi-login.ts'
import { currentOverrides, type Overrides } from './overrides.ts'

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

const days = z.coerce.number().int().min(0).max(36_500)

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
  OPENIM_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  OPENIM_RETAIN_MESSAGES_DAYS: days.default(365),
  OPENIM_FILE_EXPIRE_DAYS: days.default(180),
  OPENIM_DELETE_OBJECT_TYPES: z.string().default('msg-picture,msg-file,msg-voice,msg-video,msg-video-snapshot,sdklog'),
  OPENIM_RATE_LIMITS: z.enum(['0', '1']).optional(),
  OPENIM_REQUESTS_PER_MINUTE: z.coerce.number().int().min(0).max(1_000_000).optional(),
  OPENIM_METRICS_TOKEN: z.string().default(''),
  OPENIM_GRAFANA_URL: z.union([z.url({ protocol: /^https?$/ }), z.literal('none')]).default('none'),
})

/** What may be changed while the service runs (see `overrides.ts`): never who is an administrator, never a secret. */
const RuntimeSettings = Settings.pick({
  OPENIM_TOKEN_EXPIRE_DAYS: true,
  OPENIM_MULTI_LOGIN_POLICY: true,
  OPENIM_MULTI_LOGIN_RULES: true,
  OPENIM_FRIEND_VERIFY: true,
  OPENIM_MAX_TOKENS_PER_PLATFORM: true,
  OPENIM_MAX_FILE_MB: true,
  OPENIM_LOG_LEVEL: true,
  OPENIM_RETAIN_MESSAGES_DAYS: true,
  OPENIM_FILE_EXPIRE_DAYS: true,
  OPENIM_DELETE_OBJECT_TYPES: true,
  OPENIM_RATE_LIMITS: true,
  OPENIM_REQUESTS_PER_MINUTE: true,
  OPENIM_GRAFANA_URL: true,
})

export type RuntimeSettings = z.output<typeof RuntimeSettings>
export type RuntimeSetting = keyof RuntimeSettings

/** What one connection may ask for, unless the deployment says otherwise. */
const REQUESTS_PER_MINUTE = 6_000

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
  logLevel: LogLevel
  /** After how many days data goes; 0 = never. */
  retention: { messageDays: number; fileDays: number; objectTypes: ReadonlySet<string> }
  /** Whether calls and connections are counted and limited, by address and by user. */
  rateLimits: boolean
  /** How many requests one connection may make; 0 = any number. */
  requestsPerMinute: number
  /** What Prometheus shows to read `/metrics`; "" = only administrators read it. */
  metricsToken: string
  /** Where `/third/prometheus` leads; null = nowhere. */
  grafanaURL: string | null
  /** The settings in force among those that may be changed at run time, as they are written. */
  runtime: RuntimeSettings
  /** Why this deployment must not serve, or null when it may. */
  refusal: string | null
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

const parsed = new WeakMap<object, { overrides: Overrides; config: Config }>()

/** The configuration in force, parsed once per isolate, set of bindings and state of the overrides. */
export function configOf(env: Bindings): Config {
  const overrides = currentOverrides()
  const known = parsed.get(env)
  if (known?.overrides === overrides) return known.config
  const config = parseConfig(env, overrides)
  parsed.set(env, { overrides, config })
  return config
}

/** Never throws: a malformed setting becomes the refusal, so that every request says what is wrong. */
export function parseConfig(
  env: Partial<Record<keyof z.input<typeof Settings>, unknown>>,
  overrides: Overrides = {},
): Config {
  const given = { ...definedOnly(env), ...acceptable(overrides) }
  const result = Settings.safeParse(given)
  const settings = result.success ? result.data : Settings.parse({})
  const nicknames = listOf(settings.OPENIM_ADMIN_NICKNAMES)
  const admins = new Map(listOf(settings.OPENIM_ADMIN_USER_IDS).map((id, i) => [id, nicknames[i] ?? id]))
  const local = settings.OPENIM_LOCAL === '1'
  // On a developer's machine all devices share one address: nothing is limited there unless somebody says so.
  const limits = {
    OPENIM_RATE_LIMITS: settings.OPENIM_RATE_LIMITS ?? (local ? '0' : '1'),
    OPENIM_REQUESTS_PER_MINUTE: settings.OPENIM_REQUESTS_PER_MINUTE ?? (local ? 0 : REQUESTS_PER_MINUTE),
  }
  return {
    local,
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
    logLevel: settings.OPENIM_LOG_LEVEL,
    retention: {
      messageDays: settings.OPENIM_RETAIN_MESSAGES_DAYS,
      fileDays: settings.OPENIM_FILE_EXPIRE_DAYS,
      objectTypes: new Set(listOf(settings.OPENIM_DELETE_OBJECT_TYPES)),
    },
    rateLimits: limits.OPENIM_RATE_LIMITS === '1',
    requestsPerMinute: limits.OPENIM_REQUESTS_PER_MINUTE,
    metricsToken: settings.OPENIM_METRICS_TOKEN,
    grafanaURL: settings.OPENIM_GRAFANA_URL === 'none' ? null : settings.OPENIM_GRAFANA_URL,
    runtime: {
      ...RuntimeSettings.parse(result.success ? given : {}),
      ...limits,
    },
    refusal: result.success ? refusalOf(settings, admins) : malformed(result.error),
  }
}

/** Why a value will not do for a setting, or null when it will. */
export function objectionTo(name: RuntimeSetting, value: string): string | null {
  const result = RuntimeSettings.shape[name].safeParse(value)
  return result.success ? null : (result.error.issues[0]?.message ?? 'the value is not valid')
}

/** An override that an older version has left, and that this one does not take, must not stop the deployment. */
function acceptable(overrides: Overrides): Overrides {
  const isRuntimeSetting = (name: string): name is RuntimeSetting => Object.hasOwn(RuntimeSettings.shape, name)
  return Object.fromEntries(
    Object.entries(overrides).filter(([name, value]) => isRuntimeSetting(name) && objectionTo(name, value) === null),
  )
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
