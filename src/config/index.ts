import type { z } from 'zod'
import type { Bindings } from '../env.ts'
import { DAY_MS, DAY_SECONDS } from '../platform/durations.ts'
import type { LogLevel } from '../platform/observability/log.ts'
import { addressingOf, type S3Settings } from '../platform/storage/s3-files.ts'

import { MULTI_LOGIN_POLICIES, type MultiLoginPolicy, type MultiLoginRules } from '../protocol/multi-login.ts'
import { currentOverrides, type Overrides } from './overrides.ts'
import { type PushConfig, type PushSecrets, parsePush } from './push.ts'
import { givenSettings, isRuntimeSetting, listOf, RuntimeSettings, Settings, settingError } from './settings.ts'
import type { CodesConfig, MailConfig, SmsConfig } from './verification.ts'
import type { Hooks } from './webhook.ts'

/** OpenIM's published default secret: accepted on a developer's machine, refused everywhere else. */
export const DEFAULT_SECRET = 'openIM123'

/** An attacker can guess a shorter secret offline from one captured token. */
const MIN_SECRET_LENGTH = 16

const BYTES_PER_MB = 1_048_576

/** The default limit of requests on one connection. */
const REQUESTS_PER_MINUTE = 6_000

export interface Config {
  local: boolean
  /** HS256 key of new tokens and of new file URLs. */
  secret: string
  /** The secrets that verify and that `/auth/get_admin_token` accepts: `secret`, and during a rotation the one before. */
  secrets: readonly string[]
  /** The nicknames of the app's administrators, by userID; their user rows are created with them. */
  admins: ReadonlyMap<string, string>
  tokenExpireSeconds: number
  /** The sessions that end when a device logs in: the policy's table, with the deployment's own rows replacing its rows. */
  multiLogin: MultiLoginRules
  maxTokensPerPlatform: number
  /** Whether users can receive messages only from users on their own friend list. */
  friendVerify: boolean
  /** Refuses requests with fields that no schema reads; otherwise a header and a log line name the fields. */
  strictFields: boolean
  /** Whether new group members can read the messages from before they joined. */
  historyForNewMembers: boolean
  maxGroupMembers: number
  maxGroupsPerUser: number
  /** Groups with more members than this deliver through relays. */
  maxDirectMembers: number
  maxFileBytes: number
  /** Media types that files may have. */
  fileTypes: Selection
  /** Groups (the `cause` of an upload) that files may belong to. */
  fileGroups: Selection
  /** The largest file in bytes, by group or by media type; media types may be patterns like `image/*`. */
  fileLimits: ReadonlyMap<string, number>
  /** `public`: anyone with a file's address can read the file. `signed`: reading needs a signed address or a token. */
  fileAccess: 'public' | 'signed'
  /** How many unfinished uploads a user may have. */
  maxOpenUploads: number
  /** File names in these groups are deleted after this time; an empty list keeps all names. */
  fileExpiry: { afterMs: number; groups: readonly string[] }
  /** The S3 store, which clients reach directly; null when files go through this service into its own bucket. */
  s3: S3Settings | null
  /** The vendors that send verification codes to phones and mailboxes; null when the deployment has none. */
  sms: SmsConfig | null
  mail: MailConfig | null
  codes: CodesConfig
  /** The webhooks to the app server. */
  webhooks: Hooks
  /** Signs the webhook requests; "" = no signature. */
  webhookSecret: string
  /** The pause before a failed webhook delivery is retried; it doubles with each further retry. */
  webhookRetrySeconds: number
  /** How many webhook deliveries the log keeps; 0 = there is no log. */
  webhookLogSize: number
  logLevel: LogLevel
  /** Offline push; null when it is off. */
  push: PushConfig | null
  /** Messages are deleted after this many days; 0 = never. */
  retainMessagesDays: number
  /** Whether calls and connections are limited, by address and by user. */
  rateLimits: boolean
  /** How many requests one connection may make per minute; 0 = any number. */
  requestsPerMinute: number
  /** The token with which Prometheus reads `/metrics`; "" = only administrators can read it. */
  metricsToken: string
  /** The address to which `/third/prometheus` redirects; null when there is no dashboard. */
  grafanaURL: string | null
  /** The values in force of the run-time settings, in the notation of the environment. */
  runtime: RuntimeSettings
  /** The reason why this deployment must not serve, or null when its settings are valid. */
  refusal: string | null
}

/** Patterns that allow (an empty list allows everything) and patterns that deny. A denied item is never allowed. */
export interface Selection {
  allowed: readonly string[]
  denied: readonly string[]
}

const parsed = new WeakMap<object, { overrides: Overrides; config: Config }>()

/** The configuration in force. Parsed once per isolate and bindings, and again when the overrides change. */
export function configOf(env: Bindings): Config {
  const overrides = currentOverrides()
  const known = parsed.get(env)
  if (known?.overrides === overrides) return known.config
  const config = parseConfig(env, overrides)
  parsed.set(env, { overrides, config })
  return config
}

/** Never throws: a malformed setting becomes the refusal, so that every request reports the error. */
export function parseConfig(env: Partial<Record<keyof Settings, unknown>>, overrides: Overrides = {}): Config {
  const given = { ...givenSettings(env), ...validOverrides(overrides) }
  const result = Settings.safeParse(given)
  const settings = result.success ? result.data : Settings.parse({})
  const nicknames = listOf(settings.OPENIM_ADMIN_NICKNAMES)
  const { push, refusal: pushRefusal } = parsePush(settings.OPENIM_PUSH, pushSecrets(settings))
  const admins = new Map(listOf(settings.OPENIM_ADMIN_USER_IDS).map((id, i) => [id, nicknames[i] ?? id]))
  const local = settings.OPENIM_LOCAL === '1'
  // On a developer's machine all devices share one address, so limits are off there unless a setting turns them on.
  const limits = {
    OPENIM_RATE_LIMITS: settings.OPENIM_RATE_LIMITS ?? (local ? '0' : '1'),
    OPENIM_REQUESTS_PER_MINUTE: settings.OPENIM_REQUESTS_PER_MINUTE ?? (local ? 0 : REQUESTS_PER_MINUTE),
  }
  return {
    local,
    secret: settings.OPENIM_SECRET,
    secrets: [settings.OPENIM_SECRET, settings.OPENIM_SECRET_PREVIOUS].filter((secret) => secret !== ''),
    admins,
    tokenExpireSeconds: settings.OPENIM_TOKEN_EXPIRE_DAYS * DAY_SECONDS,
    multiLogin: {
      ...MULTI_LOGIN_POLICIES[Number(settings.OPENIM_MULTI_LOGIN_POLICY) as MultiLoginPolicy],
      ...settings.OPENIM_MULTI_LOGIN_RULES,
    } as MultiLoginRules,
    maxTokensPerPlatform: settings.OPENIM_MAX_TOKENS_PER_PLATFORM,
    friendVerify: settings.OPENIM_FRIEND_VERIFY === '1',
    strictFields: settings.OPENIM_STRICT_FIELDS === '1',
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

function pushSecrets(settings: Settings): PushSecrets {
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

/** Ignores overrides that this version does not accept: an override from an older version must not stop the service. */
function validOverrides(overrides: Overrides): Overrides {
  return Object.fromEntries(
    Object.entries(overrides).filter(([name, value]) => isRuntimeSetting(name) && settingError(name, value) === null),
  )
}

function refusalOf(settings: Settings, admins: ReadonlyMap<string, string>): string | null {
  if (admins.size === 0) return 'OPENIM_ADMIN_USER_IDS names no administrator'
  const missing = S3_NAMES.filter((name) => settings[name] === undefined)
  if (missing.length > 0 && missing.length < S3_NAMES.length) return `${missing.join(', ')} must also be set`
  const s3 = s3Of(settings)
  if (s3?.addressing === 'virtual' && /^[\d.]+$|^\[/.test(new URL(s3.endpoint).hostname)) {
    return 'OPENIM_S3_ADDRESSING is virtual, but OPENIM_S3_ENDPOINT is an IP address, before which no bucket can stand'
  }
  if (settings.OPENIM_LOCAL === '1') return settings.OPENIM_SECRET === '' ? 'OPENIM_SECRET is empty' : null
  if (settings.OPENIM_SECRET === '') return 'OPENIM_SECRET is not set; run `npx wrangler secret put OPENIM_SECRET`'
  return weakness(settings, 'OPENIM_SECRET') ?? weakness(settings, 'OPENIM_SECRET_PREVIOUS')
}

/** The previous secret verifies tokens too, so that a weak one is as dangerous as a weak current one. */
function weakness(settings: Settings, name: 'OPENIM_SECRET' | 'OPENIM_SECRET_PREVIOUS'): string | null {
  const secret = settings[name]
  if (secret === '') return null
  if (secret === DEFAULT_SECRET)
    return `${name} is still the published default; run \`npx wrangler secret put ${name}\``
  return secret.length < MIN_SECRET_LENGTH ? `${name} is shorter than ${MIN_SECRET_LENGTH} characters` : null
}

const S3_NAMES = [
  'OPENIM_S3_ENDPOINT',
  'OPENIM_S3_BUCKET',
  'OPENIM_S3_ACCESS_KEY_ID',
  'OPENIM_S3_SECRET_ACCESS_KEY',
] as const

function s3Of(settings: Settings): S3Settings | null {
  const [endpoint, bucket, accessKeyID, secretAccessKey] = S3_NAMES.map((name) => settings[name])
  if (!endpoint || !bucket || !accessKeyID || !secretAccessKey) return null
  const addressing = settings.OPENIM_S3_ADDRESSING ?? addressingOf(endpoint)
  return { endpoint, addressing, bucket, region: settings.OPENIM_S3_REGION, accessKeyID, secretAccessKey }
}

/** Parses a list like `image/*,!image/svg+xml`: patterns with an exclamation mark deny. */
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
