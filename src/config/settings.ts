import { z } from 'zod'
import { PLATFORMS } from '../protocol/constants/platform.ts'
import { jsonOrText } from './json-or-text.ts'
import { CodesSetting, MailSetting, SmsSetting } from './verification.ts'
import { WebhooksSetting } from './webhook.ts'

/*
 * The names, types, limits and defaults of all settings, as the environment and the run-time overrides give them.
 * `index.ts` makes the configuration from them.
 */

const platformClass = z.enum(Object.values(PLATFORMS).map((platform) => platform.class))

/** Rows of the multi-login table, as JSON: `{"Mobile":["Mobile","Pad"],"PC":["same platform"]}`. */
const MultiLoginRulesSetting = z.partialRecord(
  platformClass,
  z.array(z.union([platformClass, z.literal('same platform')])),
)

/** The largest size in MiB by media type or group, as JSON: `{"image/*":20,"msg-voice":5}`. */
const FileLimitsSetting = z.record(z.string().min(1), z.number().positive())

const days = z.coerce.number().int().min(0).max(36_500)

/** All settings of the environment. */
export const Settings = z.object({
  OPENIM_LOCAL: z.enum(['0', '1']).default('0'),
  OPENIM_SECRET: z.string().default(''),
  OPENIM_SECRET_PREVIOUS: z.string().default(''),
  OPENIM_ADMIN_USER_IDS: z.string().default('imAdmin'),
  OPENIM_ADMIN_NICKNAMES: z.string().default('superAdmin'),
  OPENIM_TOKEN_EXPIRE_DAYS: z.coerce.number().int().min(1).max(36_500).default(90),
  OPENIM_MULTI_LOGIN_POLICY: z.enum(['0', '1', '4', '5']).default('1'),
  OPENIM_MULTI_LOGIN_RULES: z.string().transform(jsonOrText).pipe(MultiLoginRulesSetting).optional(),
  OPENIM_FRIEND_VERIFY: z.enum(['0', '1']).default('0'),
  OPENIM_HISTORY_FOR_NEW_MEMBERS: z.enum(['0', '1']).default('1'),
  OPENIM_MAX_GROUP_MEMBERS: z.coerce.number().int().min(1).max(100_000).default(100_000),
  OPENIM_MAX_DIRECT_MEMBERS: z.coerce.number().int().min(1).max(1_000).default(250),
  OPENIM_MAX_GROUPS_PER_USER: z.coerce.number().int().min(1).max(100_000).default(10_000),
  OPENIM_MAX_TOKENS_PER_PLATFORM: z.coerce.number().int().min(1).max(1_000).default(30),
  OPENIM_MAX_FILE_MB: z.coerce.number().int().min(1).max(50_000).default(5_120),
  OPENIM_FILE_TYPES: z.string().default(''),
  OPENIM_FILE_GROUPS: z.string().default(''),
  OPENIM_FILE_LIMITS: z.string().transform(jsonOrText).pipe(FileLimitsSetting).default({}),
  OPENIM_FILE_ACCESS: z.enum(['public', 'signed']).default('public'),
  OPENIM_MAX_OPEN_UPLOADS: z.coerce.number().int().min(1).max(10_000).default(200),
  OPENIM_S3_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OPENIM_S3_BUCKET: z.string().optional(),
  OPENIM_S3_ADDRESSING: z.enum(['virtual', 'path']).optional(),
  OPENIM_S3_REGION: z.string().default('auto'),
  OPENIM_S3_ACCESS_KEY_ID: z.string().optional(),
  OPENIM_S3_SECRET_ACCESS_KEY: z.string().optional(),
  OPENIM_SMS: z.string().transform(jsonOrText).pipe(SmsSetting).optional(),
  OPENIM_MAIL: z.string().transform(jsonOrText).pipe(MailSetting).optional(),
  OPENIM_CODES: z.string().default('{}').transform(jsonOrText).pipe(CodesSetting),
  OPENIM_WEBHOOKS: z.string().transform(jsonOrText).pipe(WebhooksSetting).optional(),
  OPENIM_WEBHOOK_SECRET: z.string().default(''),
  OPENIM_WEBHOOK_RETRY_SECONDS: z.coerce.number().int().min(0).max(3_600).default(5),
  OPENIM_WEBHOOK_LOG_SIZE: z.coerce.number().int().min(0).max(1_000_000).default(10_000),
  OPENIM_STRICT_FIELDS: z.enum(['0', '1']).default('0'),
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

export type Settings = z.output<typeof Settings>

/** The settings that administrators may change at run time (see `overrides.ts`): no secrets, no list of administrators. */
export const RuntimeSettings = Settings.pick({
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

export type RuntimeSettings = z.output<typeof RuntimeSettings>
export type RuntimeSetting = keyof RuntimeSettings

/** The error of a value for a run-time setting, or null when the value is valid. */
export function settingError(name: RuntimeSetting, value: string): string | null {
  const result = RuntimeSettings.shape[name].safeParse(value)
  return result.success ? null : (result.error.issues[0]?.message ?? 'the value is not valid')
}

export function isRuntimeSetting(name: string): name is RuntimeSetting {
  return Object.hasOwn(RuntimeSettings.shape, name)
}

/** The known settings of an environment that are given; an empty variable counts as absent. */
export function givenSettings(env: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => Object.hasOwn(Settings.shape, name) && value !== ''),
  )
}

/** Items of a comma-separated setting. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}
