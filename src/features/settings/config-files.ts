import { z } from 'zod'
import type { Config } from '../../config/index.ts'
import type { RuntimeSetting } from '../../config/settings.ts'
import type { LogLevel } from '../../platform/observability/log.ts'

/*
 * OpenIM's configuration is a set of YAML files. Its configuration calls name a file and carry its content as the JSON
 * of the Go struct. This table maps the fields of these files to the settings that this service has.
 */

type Json = string | number | boolean | object

/** One field of a file. */
interface Field {
  /** The value in an answer; "" for a secret. */
  show(config: Config): Json
  /** The setting to change and the schema of its value; null when only the deployment's environment sets it. */
  change: { setting: RuntimeSetting; schema: z.ZodType<string, unknown> } | null
}

/** Fields by their path in the file, such as `RateLimiter.Enable`, with the names of the Go struct. */
export type ConfigFile = Readonly<Record<string, Field>>

const fixed = (show: Field['show']): Field => ({ show, change: null })

/** A field whose value is the setting's text as a JSON number. */
const number = (setting: RuntimeSetting, schema: z.ZodType<number, unknown> = z.int()): Field => ({
  show: ({ runtime }) => Number(runtime[setting]),
  change: { setting, schema: schema.transform(String) },
})

const flag = (setting: RuntimeSetting): Field => ({
  show: ({ runtime }) => runtime[setting] === '1',
  change: { setting, schema: z.boolean().transform((on) => (on ? '1' : '0')) },
})

const names = (setting: RuntimeSetting): Field => ({
  show: ({ runtime }) => String(runtime[setting]).split(',').filter(Boolean),
  change: { setting, schema: z.array(z.string().regex(/^[^,]+$/)).transform((list) => list.join(',') || ',') },
})

/** The log levels by OpenIM's numbers. */
const LOG_LEVELS: Readonly<Record<number, LogLevel>> = { 2: 'error', 3: 'warn', 4: 'info', 5: 'debug', 6: 'debug' }

const logLevel: Field = {
  show: ({ logLevel }) => Number(Object.keys(LOG_LEVELS).find((level) => LOG_LEVELS[Number(level)] === logLevel)),
  change: {
    setting: 'OPENIM_LOG_LEVEL',
    schema: z
      .int()
      .min(2)
      .max(6)
      .transform((level) => LOG_LEVELS[level] ?? 'info'),
  },
}

const fileAccess: Field = {
  show: ({ fileAccess: access }) => access,
  change: { setting: 'OPENIM_FILE_ACCESS', schema: z.string() },
}

const multiLoginRules: Field = {
  show: ({ runtime }) => runtime.OPENIM_MULTI_LOGIN_RULES ?? {},
  change: {
    setting: 'OPENIM_MULTI_LOGIN_RULES',
    schema: z.record(z.string(), z.unknown()).transform((table) => JSON.stringify(table)),
  },
}

const grafanaURL: Field = {
  show: (config) => config.grafanaURL ?? '',
  change: { setting: 'OPENIM_GRAFANA_URL', schema: z.string().transform((url) => url || 'none') },
}

export const CONFIG_FILES: Readonly<Record<string, ConfigFile>> = {
  'log.yml': { RemainLogLevel: logLevel },
  'openim-api.yml': {
    'Prometheus.GrafanaURL': grafanaURL,
    'RateLimiter.Enable': flag('OPENIM_RATE_LIMITS'),
  },
  'openim-crontask.yml': {
    RetainChatRecords: number('OPENIM_RETAIN_MESSAGES_DAYS'),
    FileExpireTime: number('OPENIM_FILE_EXPIRE_DAYS'),
    DeleteObjectType: names('OPENIM_DELETE_OBJECT_TYPES'),
  },
  'openim-msggateway.yml': { 'RateLimiter.RequestsPerMinute': number('OPENIM_REQUESTS_PER_MINUTE') },
  'openim-rpc-auth.yml': { 'TokenPolicy.Expire': number('OPENIM_TOKEN_EXPIRE_DAYS') },
  'openim-rpc-msg.yml': { FriendVerify: flag('OPENIM_FRIEND_VERIFY') },
  'openim-rpc-third.yml': { 'Object.MaxFileMB': number('OPENIM_MAX_FILE_MB'), 'Object.Access': fileAccess },
  'share.yml': {
    Secret: fixed(() => ''),
    'IMAdminUser.UserIDs': fixed(({ admins }) => [...admins.keys()]),
    'IMAdminUser.Nicknames': fixed(({ admins }) => [...admins.values()]),
    'MultiLogin.Policy': number('OPENIM_MULTI_LOGIN_POLICY'),
    'MultiLogin.Rules': multiLoginRules,
    'MultiLogin.MaxNumOneEnd': number('OPENIM_MAX_TOKENS_PER_PLATFORM'),
  },
}

/** The content of a file as OpenIM's server answers it. */
export function contentOf(file: ConfigFile, config: Config): object {
  const parts = Map.groupBy(Object.entries(file), ([path]) => path.split('.', 1)[0] ?? path)
  return Object.fromEntries(
    [...parts].map(([part, fields]) => {
      const field = file[part]
      if (field) return [part, field.show(config)]
      const inner = fields.map(([path, innerField]) => [path.slice(part.length + 1), innerField])
      return [part, contentOf(Object.fromEntries(inner), config)]
    }),
  )
}

/** Flattens a content to its values by path. A list, and an object at the path of a known field, count as one value. */
export function valuesOf(file: ConfigFile, content: object, above = ''): [path: string, value: unknown][] {
  const paths = new Map(Object.keys(file).map((path) => [path.toLowerCase(), path]))
  return Object.entries(content).flatMap(([part, value]): [string, unknown][] => {
    const path = above === '' ? part : `${above}.${part}`
    const known = paths.get(path.toLowerCase())
    if (known !== undefined) return [[known, value]]
    const isParent = [...paths.keys()].some((other) => other.startsWith(`${path.toLowerCase()}.`))
    if (isParent && typeof value === 'object' && value !== null) return valuesOf(file, value, path)
    return [[path, value]]
  })
}
