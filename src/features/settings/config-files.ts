import { z } from 'zod'
import type { Config } from '../../config/index.ts'
import type { RuntimeSetting } from '../../config/settings.ts'
import type { LogLevel } from '../../platform/observability/log.ts'

/*
 * OpenIM's configuration is a set of YAML files, and its calls speak of those: by file name, each as the JSON that Go
 * makes of it. Here are the files of which this service has something, with the settings behind their fields.
 */

type Json = string | number | boolean | object

/** One field of a file. */
interface Field {
  /** What is shown for it; a secret is shown as "". */
  show(config: Config): Json
  /** How it is changed; null for what only a deployment sets. */
  change: { setting: RuntimeSetting; schema: z.ZodType<string, unknown> } | null
}

/** Fields by their place in the file, with Go's names of the parts. */
export type ConfigFile = Readonly<Record<string, Field>>

const fixed = (show: Field['show']): Field => ({ show, change: null })

/** A field that holds a setting as it is written, but for its JSON type. */
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

/** The levels of OpenIM's logger. */
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

const rules: Field = {
  show: ({ runtime }) => runtime.OPENIM_MULTI_LOGIN_RULES ?? {},
  change: {
    setting: 'OPENIM_MULTI_LOGIN_RULES',
    schema: z.record(z.string(), z.unknown()).transform((table) => JSON.stringify(table)),
  },
}

const address: Field = {
  show: ({ grafanaURL }) => grafanaURL ?? '',
  change: { setting: 'OPENIM_GRAFANA_URL', schema: z.string().transform((url) => url || 'none') },
}

export const CONFIG_FILES: Readonly<Record<string, ConfigFile>> = {
  'log.yml': { RemainLogLevel: logLevel },
  'openim-api.yml': {
    'Prometheus.GrafanaURL': address,
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
    'MultiLogin.Rules': rules,
    'MultiLogin.MaxNumOneEnd': number('OPENIM_MAX_TOKENS_PER_PLATFORM'),
  },
}

/** A file as OpenIM's server would answer it. */
export function contentOf(file: ConfigFile, config: Config): object {
  const parts = Map.groupBy(Object.entries(file), ([place]) => place.split('.', 1)[0] ?? place)
  return Object.fromEntries(
    [...parts].map(([part, fields]) => {
      const field = file[part]
      if (field) return [part, field.show(config)]
      const inner = fields.map(([place, innerField]) => [place.slice(part.length + 1), innerField])
      return [part, contentOf(Object.fromEntries(inner), config)]
    }),
  )
}

/** Every value of a content by its place; lists and what stands at the place of a field are values. */
export function valuesOf(file: ConfigFile, content: object, above = ''): [place: string, value: unknown][] {
  const places = new Map(Object.keys(file).map((place) => [place.toLowerCase(), place]))
  return Object.entries(content).flatMap(([part, value]): [string, unknown][] => {
    const place = above === '' ? part : `${above}.${part}`
    const known = places.get(place.toLowerCase())
    if (known !== undefined) return [[known, value]]
    const isParent = [...places.keys()].some((other) => other.startsWith(`${place.toLowerCase()}.`))
    if (isParent && typeof value === 'object' && value !== null) return valuesOf(file, value, place)
    return [[place, value]]
  })
}
