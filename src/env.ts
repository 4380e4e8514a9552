import type { MailBinding } from './runtime/mail-binding.ts'

/**
 * The settings of a deployment; `config/settings.ts` parses them. All are optional except OPENIM_SECRET, which is among
 * the generated bindings. `docs/settings.md` describes each one.
 */
export interface Settings {
  /** `1` only on a developer's machine: allows the published default secret. */
  OPENIM_LOCAL?: string
  /** The secret before OPENIM_SECRET: still verifies, and signs nothing. */
  OPENIM_SECRET_PREVIOUS?: string
  OPENIM_ADMIN_USER_IDS?: string
  OPENIM_ADMIN_NICKNAMES?: string
  OPENIM_TOKEN_EXPIRE_DAYS?: string
  OPENIM_MULTI_LOGIN_POLICY?: string
  OPENIM_MULTI_LOGIN_RULES?: string
  OPENIM_MAX_TOKENS_PER_PLATFORM?: string
  OPENIM_FRIEND_VERIFY?: string
  OPENIM_HISTORY_FOR_NEW_MEMBERS?: string
  OPENIM_MAX_GROUP_MEMBERS?: string
  OPENIM_MAX_GROUPS_PER_USER?: string
  OPENIM_MAX_DIRECT_MEMBERS?: string
  OPENIM_MAX_FILE_MB?: string
  OPENIM_FILE_TYPES?: string
  OPENIM_FILE_GROUPS?: string
  OPENIM_FILE_LIMITS?: string
  OPENIM_FILE_ACCESS?: string
  OPENIM_MAX_OPEN_UPLOADS?: string
  OPENIM_FILE_EXPIRE_DAYS?: string
  OPENIM_S3_ENDPOINT?: string
  OPENIM_S3_BUCKET?: string
  OPENIM_S3_ADDRESSING?: string
  OPENIM_S3_REGION?: string
  OPENIM_S3_ACCESS_KEY_ID?: string
  OPENIM_S3_SECRET_ACCESS_KEY?: string
  OPENIM_WEBHOOKS?: string
  OPENIM_WEBHOOK_SECRET?: string
  OPENIM_WEBHOOK_RETRY_SECONDS?: string
  OPENIM_WEBHOOK_LOG_SIZE?: string
  OPENIM_STRICT_FIELDS?: string
  OPENIM_LOG_LEVEL?: string
  OPENIM_PUSH?: string
  OPENIM_PUSH_FCM_ACCOUNT?: string
  OPENIM_PUSH_APNS_KEY?: string
  OPENIM_PUSH_VAPID_KEY?: string
  OPENIM_PUSH_HTTP_SECRET?: string
  OPENIM_PUSH_JPUSH_SECRET?: string
  OPENIM_PUSH_GETUI_SECRET?: string
  OPENIM_RETAIN_MESSAGES_DAYS?: string
  OPENIM_DELETE_OBJECT_TYPES?: string
  OPENIM_RATE_LIMITS?: string
  OPENIM_REQUESTS_PER_MINUTE?: string
  OPENIM_METRICS_TOKEN?: string
  OPENIM_GRAFANA_URL?: string
  OPENIM_SMS?: string
  OPENIM_MAIL?: string
  OPENIM_CODES?: string
}

/** Bindings that a deployment may add to wrangler.toml. */
interface OptionalBindings {
  /** A `send_email` binding, with which Cloudflare sends verification codes. */
  EMAIL?: MailBinding
}

/** The environment of the Worker and of the objects: the generated bindings and the settings. */
export type Bindings = Env & Settings & OptionalBindings
