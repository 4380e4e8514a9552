/**
 * Settings a deployment may give, all optional but the secret; read once by `platform/config.ts`.
 * `docs/settings.md` tells what each one does.
 */
export interface Settings {
  /** `1` on a developer's machine only: it permits the well-known default secret. */
  OPENIM_LOCAL?: string
  OPENIM_ADMIN_USER_IDS?: string
  OPENIM_ADMIN_NICKNAMES?: string
  OPENIM_TOKEN_EXPIRE_DAYS?: string
  OPENIM_MULTI_LOGIN_POLICY?: string
  OPENIM_MULTI_LOGIN_RULES?: string
  OPENIM_MAX_TOKENS_PER_PLATFORM?: string
  OPENIM_FRIEND_VERIFY?: string
  OPENIM_MAX_FILE_MB?: string
  OPENIM_WEBHOOKS?: string
  OPENIM_WEBHOOK_SECRET?: string
  OPENIM_WEBHOOK_RETRY_SECONDS?: string
  OPENIM_WEBHOOK_LOG_SIZE?: string
  OPENIM_LOG_LEVEL?: string
}

/** Everything the runtime hands to the Worker and to the objects: generated bindings plus the settings. */
export type Bindings = Env & Settings
