import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { OVERRIDES_SWITCH } from '../../config/overrides.ts'
import { type RuntimeSetting, settingError } from '../../config/settings.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { valuesOf } from './config-files.ts'
import { configFile } from './get-config.ts'
import type { ResetConfigReq, SetConfigReq, SetConfigsReq, SetEnableConfigManagerReq } from './schema.ts'
import { areOverridesOn, deleteOverrides, putOverrides } from './store.ts'

type NewConfig = z.output<typeof SetConfigReq>

/** Changes one file. OpenIM: an absent field is set to zero. Here it keeps its value. */
export async function setConfig(ctx: CallerContext, config: NewConfig): Promise<void> {
  await setConfigs(ctx, { configs: [config] })
}

/**
 * Changes several files, all or none.
 * @throws ImError 1001 when a field is not valid, or while overrides are switched off
 */
export async function setConfigs(ctx: CallerContext, { configs }: z.output<typeof SetConfigsReq>): Promise<void> {
  if (!(await areOverridesOn(ctx.db))) {
    throw ImError.args('setting changes are switched off; set_enable_config_manager switches them on')
  }
  const changes = new Map(configs.flatMap((config) => changesIn(ctx, config)))
  const row = { changedBy: ctx.caller.userID, changeTime: ctx.now() }
  await putOverrides(
    ctx.db,
    [...changes].map(([name, value]) => ({ name, value, ...row })),
  )
  ctx.log.info('settings changed', { by: ctx.caller.userID, settings: [...changes.keys()].join(' ') })
  await ctx.settingsChanged()
}

/** Resets all settings, or those of one file, to the values of the deployment's environment. */
export async function resetConfig(ctx: CallerContext, { configName }: z.output<typeof ResetConfigReq>): Promise<void> {
  const fields = configName === '' ? null : Object.values(configFile(configName))
  await deleteOverrides(ctx.db, fields?.flatMap(({ change }) => change?.setting ?? []) ?? null)
  ctx.log.info('settings reset', { by: ctx.caller.userID, configName })
  await ctx.settingsChanged()
}

/** Switches changed settings on or off. Switched off, the deployment's values apply, and the changes stay stored. */
export async function setEnableConfigManager(
  ctx: CallerContext,
  { enable }: z.output<typeof SetEnableConfigManagerReq>,
): Promise<void> {
  const row = { changedBy: ctx.caller.userID, changeTime: ctx.now() }
  await putOverrides(ctx.db, [{ name: OVERRIDES_SWITCH, value: enable ? '1' : '0', ...row }])
  await ctx.settingsChanged()
}

/** Reads the settings again. OpenIM: the call restarts its services, so that they read their configuration files. */
export async function restart(ctx: CallerContext): Promise<void> {
  await ctx.settingsChanged()
}

function changesIn(ctx: CallerContext, { configName, data }: NewConfig): [RuntimeSetting, string][] {
  const file = configFile(configName)
  return valuesOf(file, parseContent(configName, data)).flatMap(([path, value]): [RuntimeSetting, string][] => {
    const at = `data: ${configName}, ${path}`
    const field = file[path]
    if (!field) throw ImError.args(`${at}: there is no such field`)
    if (isDeepStrictEqual(value, field.show(ctx.config))) return []
    if (!field.change) throw ImError.args(`${at}: only the deployment's environment can change this field`)
    const { setting, schema } = field.change
    const parsed = schema.safeParse(value)
    if (!parsed.success) throw ImError.args(`${at}: ${parsed.error.issues[0]?.message ?? 'it is not valid'}`)
    const error = settingError(setting, parsed.data)
    if (error !== null) throw ImError.args(`${at}: ${error}`)
    return [[setting, parsed.data]]
  })
}

function parseContent(configName: string, data: string): object {
  try {
    const content: unknown = JSON.parse(data)
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content
  } catch {
    // Refused below, like every text that is not a JSON object.
  }
  throw ImError.args(`data: the content of ${configName} must be the text of a JSON object`)
}
