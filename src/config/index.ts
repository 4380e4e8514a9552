import { z } from 'zod'
import type { Bindings } from '../env.ts'
import type { LogLevel } from '../platform/observability/log.ts'
import type { S3Settings } from '../platform/storage/s3-files.ts'
import { PLATFORMS } from '../protocol/constants/platform.ts'
import { MULTI_LOGIN_POLICIES, type MultiLoginPolicy, type MultiLoginRules } from '../protocol/multi-login.ts'
import { currentOverrides, type Overrides } from './overrides.ts'
import { type PushConfig, type PushSecrets, parsePush } from './push.ts'
import {
  type CodesConfig,
  CodesSetting,
  type MailConfig,
  MailSetting,
  type SmsConfig,
  SmsSetting,
} from './verification.ts'
import { type Hooks, WebhooksSetting } from './webhook.ts'

/** OpenIM's well-known secret: fine on a developer's machine, refused everywhere else. */
const DEFAULT_SECRET = 'openIM123'

/** A secret shorter than this can be guessed from one captured token. */
const MIN_SECRET_LENGTH = 16

const DAY_SECONDS = 86_400
const DAY_MS = 86_400_000
const BYTES_PER_MB = 1_048_576

const platformClass = z.enum(Object.values(PLATFORMS).map((platform) => platform.class))

/** Lines of the multi-login table, as JSON: `{"Mobile":["Mobile","Pad"],"PC":["same platform"]}`. */
const MultiLoginRulesSetting = z.partialRecord(
  platformClass,
  z.array(z.union([platformClass, z.literal('same platform')])),
)

/** How large files of a kind may be, in MiB, as JSON: `{"image/*":20,"msg-voice":5}`. */
const FileLimitsSetting = z.record(z.string().min(1), z.number().positive())

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
  OPENIM_HISTORY_FOR_NEW_MEMBERS: z.enum(['0', '1']).default('1'),
  OPENIM_MAX_GROUP_MEMBERS: z.coerce.number().int().min(1).max(100_000).default(100_000),
  OPENIM_MAX_DIRECT_MEMBERS: z.coerce.number().int().min(1).max(1_000).default(250),
  OPENIM_MAX_GROUPS_PER_USER: z.coerce.number().int().min(1).max(100_000).default(10_000),
  OPENIM_MAX_TOKENS_PER_PLATFORM: z.coerce.number().int().min(1).max(1_000).default(30),
  OPENIM_MAX_FILE_MB: z.coerce.number().int().min(1).max(50_000).default(5_120),
  OPENIM_FILE_TYPES: z.string().default(''),
  OPENIM_FILE_GROUPS: z.string().default(''),
  OPENIM_FILE_LIMITS: z.string().transform(parseJson).pipe(FileLimitsSetting).default({}),
  OPENIM_FILE_ACCESS: z.enum(['public', 'signed']).default('public'),
  OPENIM_MAX_OPEN_UPLOADS: z.coerce.number().int().min(1).max(10_000).default(200),
  OPENIM_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OPENIM_S3_BUCKET: z.string().optional(),
  OPENIM_S3_REGION: z.string().default('auto'),
  OPENIM_S3_ACCESS_KEY_ID: z.string().optional(),
  OPENIM_S3_SECRET_ACCESS_KEY: z.string().optional(),
  OPENIM_SMS: z.string().transform(parseJson).pipe(SmsSetting).optional(),
  OPENIM_MAIL: z.string().transform(parseJson).pipe(MailSetting).optional(),
  OPENIM_CODES: z.string().default('{}').transform(parseJson).pipe(CodesSetting),
  OPENIM_WEBHOOKS: z.string().transform(parseJson).pipe(WebhooksSetting).optional(),
  OPENIM_WEBHOOK_SECRET: z.string().default(''),
  OPENIM_WEBHOOK_RETRY_SECONDS: z.coerce.number().int().min(0).max(3_600).default(5),
  OPENIM_WEBHOOK_LOG_SIZE: z.coerce.number().int().min(0).max(1_000_000).default(10_000),
  OPENIM_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  OPENIM_PUSH: z.string().default(''),
  OPENIM_PUSH_FCM_ACCOUNT: z.string().optional(),
  OPENIM_PUSH_APNS_KEY: z.string().optional(),
  OPENIM_PUSH_VAPID_KEY: z.string().optional(),
  OPENIM_PUSH_HTTP_SECRET: z.string().optional(),
  OPENIM_PUSH_JPUSH_SECRET: z.string().optional(),
  OPENIM_PUSH_GETUI_SECRET: z.string().optional(),
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
  OPENIM_FILE_ACCESS: true,
  OPENIM_LOG_LEVEL: true,
  OPENIM_RETAIN_MESSAGES_DAYS: true,
  OPENIM_FILE_EXPIRE_DAYS: true,
  OPENIM_DELETE_OBJECT_TYPES: true,
  OPENIM_RATE_LIMITS: true,
  OPENIM_REQUESTS_PER_MINUTE: true,
  OPENIM_GRAFANA_URL: true,
})

type RuntimeSettings = z.output<typeof RuntimeSettings>
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
  /** Whether who joins a group reads what was written there before. */
  historyForNewMembers: boolean
  maxGroupMembers: number
  maxGroupsPerUser: number
  /** A group with more members than this is delivered by relays. */
  maxDirectMembers: number
  maxFileBytes: number
  /** Which media types files may have. */
  fileTypes: Selection
  /** Which groups (the `cause` of an upload) files may be of. */
  fileGroups: Selection
  /** Bytes a file may have, by its group or by a media type, also one like `image/*`. */
  fileLimits: ReadonlyMap<string, number>
  /** Whether the plain address of a file opens it for everybody, or only a signed one does, or a token. */
  fileAccess: 'public' | 'signed'
  /** How many uploads of a user may be under way. */
  maxOpenUploads: number
  /** Names of files in these groups are forgotten after this time; no group: none is. */
  fileExpiry: { afterMs: number; groups: readonly string[] }
  /** The store that clients reach themselves; null: files go through this service into the bucket bound to it. */
  s3: S3Settings | null
  /** Who sends verification codes to phones and to mailboxes; null = nobody. */
  sms: SmsConfig | null
  mail: MailConfig | null
  codes: CodesConfig
  /** What the app's own server is asked and told. */
  webhooks: Hooks
  /** Signs what is sent to webhooks; "" = no signature. */
  webhookSecret: string
  /** How long after a failed delivery the next one follows; each one after that waits twice as long. */
  webhookRetrySeconds: number
  /** How many deliveries the log keeps; 0 = there is no log. */
  webhookLogSize: number
  logLevel: LogLevel
  /** How absent users are rung; null when they are not. */
  push: PushConfig | null
  /** After how many days messages go; 0 = never. */
  retainMessagesDays: number
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

/** Patterns of what is taken, all when there is none, and of what is not, which win. */
export interface Selection {
  allowed: readonly string[]
  denied: readonly string[]
}

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
  const { push, refusal: pushRefusal } = parsePush(settings.OPENIM_PUSH, pushSecrets(settings))
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
    historyForNewMembers: settings.OPENIM_HISTORY_FOR_NEW_MEMBERS === '1',
    maxGroupMembers: settings.OPENIM_MAX_GROUP_MEMBERS,
    maxDirectMembers: settings.OPENIM_MAX_DIRECT_MEMBERS,
    maxGroupsPerUser: settings.OPENIM_MAX_GROUPS_PER_USER,
    maxFileBytes: settings.OPENIM_MAX_FILE_MB * BYTES_PER_MB,
    fileTypes: selectionOf(settings.OPENIM_FILE_TYPES.toLowerCase()),
    fileGroups: selectionOf(settings.OPENIM_FILE_GROUPS),
    fileLimits: new Map(
      Object.entries(settings.OPENIM_FILE_LIMITS).map(([kind, limitMB]) => [kind, limitMB * BYTES_PER_MB]),
    ),
    fileAccess: settings.OPENIM_FILE_ACCESS,
    maxOpenUploads: settings.OPENIM_MAX_OPEN_UPLOADS,
    fileExpiry: {
      afterMs: settings.OPENIM_FILE_EXPIRE_DAYS * DAY_MS,
      groups: settings.OPENIM_FILE_EXPIRE_DAYS === 0 ? [] : listOf(settings.OPENIM_DELETE_OBJECT_TYPES),
    },
    s3: s3Of(settings),
    sms: settings.OPENIM_SMS ?? null,
    mail: settings.OPENIM_MAIL ?? null,
    codes: settings.OPENIM_CODES,
    webhooks: settings.OPENIM_WEBHOOKS ?? {},
    webhookSecret: settings.OPENIM_WEBHOOK_SECRET,
    webhookRetrySeconds: settings.OPENIM_WEBHOOK_RETRY_SECONDS,
    webhookLogSize: settings.OPENIM_WEBHOOK_LOG_SIZE,
    logLevel: settings.OPENIM_LOG_LEVEL,
    retainMessagesDays: settings.OPENIM_RETAIN_MESSAGES_DAYS,
    rateLimits: limits.OPENIM_RATE_LIMITS === '1',
    requestsPerMinute: limits.OPENIM_REQUESTS_PER_MINUTE,
    metricsToken: settings.OPENIM_METRICS_TOKEN,
    grafanaURL: settings.OPENIM_GRAFANA_URL === 'none' ? null : settings.OPENIM_GRAFANA_URL,
    runtime: {
      ...RuntimeSettings.parse(result.success ? given : {}),
      ...limits,
    },
    push,
    refusal: result.success ? (refusalOf(settings, admins) ?? pushRefusal) : malformed(result.error),
  }
}

function pushSecrets(settings: z.output<typeof Settings>): PushSecrets {
  const { OPENIM_PUSH_FCM_ACCOUNT: account, OPENIM_PUSH_APNS_KEY: key, OPENIM_PUSH_VAPID_KEY: vapid } = settings
  const { OPENIM_PUSH_HTTP_SECRET: http, OPENIM_PUSH_JPUSH_SECRET: jpush, OPENIM_PUSH_GETUI_SECRET: getui } = settings
  return {
    ...(account && { fcm: { serviceAccount: account } }),
    ...(key && { apns: { key } }),
    ...(vapid && { webpush: { privateKey: vapid } }),
    ...(http && { http: { secret: http } }),
    ...(jpush && { jpush: { masterSecret: jpush } }),
    ...(getui && { getui: { masterSecret: getui } }),
  }
}

/** Why a value will not do for a setting, or null when it will. */
export function settingError(name: RuntimeSetting, value: string): string | null {
  const result = RuntimeSettings.shape[name].safeParse(value)
  return result.success ? null : (result.error.issues[0]?.message ?? 'the value is not valid')
}

/** An override that an older version has left, and that this one does not take, must not stop the deployment. */
function acceptable(overrides: Overrides): Overrides {
  const isRuntimeSetting = (name: string): name is RuntimeSetting => Object.hasOwn(RuntimeSettings.shape, name)
  return Object.fromEntries(
    Object.entries(overrides).filter(([name, value]) => isRuntimeSetting(name) && settingError(name, value) === null),
  )
}

function refusalOf(settings: z.output<typeof Settings>, admins: ReadonlyMap<string, string>): string | null {
  if (admins.size === 0) return 'OPENIM_ADMIN_USER_IDS names no administrator'
  const missing = S3_NAMES.filter((name) => settings[name] === undefined)
  if (missing.length > 0 && missing.length < S3_NAMES.length) return `${missing.join(', ')} must be set, too`
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

const S3_NAMES = [
  'OPENIM_S3_ENDPOINT',
  'OPENIM_S3_BUCKET',
  'OPENIM_S3_ACCESS_KEY_ID',
  'OPENIM_S3_SECRET_ACCESS_KEY',
] as const

function s3Of(settings: z.output<typeof Settings>): S3Settings | null {
  const [endpoint, bucket, accessKeyID, secretAccessKey] = S3_NAMES.map((name) => settings[name])
  if (!endpoint || !bucket || !accessKeyID || !secretAccessKey) return null
  return { endpoint, bucket, region: settings.OPENIM_S3_REGION, accessKeyID, secretAccessKey }
}

/** `image/*,!image/svg+xml`: what begins with an exclamation mark is denied. */
function selectionOf(text: string): Selection {
  const patterns = listOf(text)
  return {
    allowed: patterns.filter((pattern) => !pattern.startsWith('!')),
    denied: patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)),
  }
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
