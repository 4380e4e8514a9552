import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { OVERRIDES_SWITCH } from '../../config/overrides.ts'
import { type RuntimeSetting, settingError } from '../../config/settings.ts'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { valuesOf } from './config-files.ts'
import { configFile } from './get-config.ts'
import type { ResetConfigReq, SetConfigReq, SetConfigsReq, SetEnableConfigManagerReq } from './schema.ts'
import { deleteOverrides, overridesApplied, putOverrides } from './store.ts'

type NewConfig = z.output<typeof SetConfigReq>

/** Changes one file. OpenIM takes a field that is not given for a zero; here it stays as it is. */
export async function setConfig(ctx: CallerContext, config: NewConfig): Promise<void> {
  await setConfigs(ctx, { configs: [config] })
}

/**
 * Changes several files, all or none.
 * @throws ImError 1001 with the field that will not do, or while the changes would have no effect
 */
export async function setConfigs(ctx: CallerContext, { configs }: z.output<typeof SetConfigsReq>): Promise<void> {
  if (!(await overridesApplied(ctx.db))) {
    throw ImError.args('settings are taken from the deployment alone; set_enable_config_manager changes that')
  }
  const changes = new Map(configs.flatMap((config) => changesIn(ctx, config)))
  const row = { changedBy: ctx.caller.userID, changeTime: ctx.now() }
  await putOverrides(
    ctx.db,
    [...changes].map(([name, value]) => ({ name, value, ...row })),
  )
  ctx.log.info('settings were changed', { by: ctx.caller.userID, settings: [...changes.keys()].join(' ') })
  await ctx.settingsChanged()
}

/** Back to what the deployment says: every setting, or those of one file. */
export async function resetConfig(ctx: CallerContext, { configName }: z.output<typeof ResetConfigReq>): Promise<void> {
  const fields = configName === '' ? null : Object.values(configFile(configName))
  await deleteOverrides(ctx.db, fields?.flatMap(({ change }) => change?.setting ?? []) ?? null)
  ctx.log.info('settings were reset', { by: ctx.caller.userID, configName })
  await ctx.settingsChanged()
}

/** Whether changed settings are in force, or the deployment's own alone; the changes are kept meanwhile. */
export async function setEnableConfigManager(
  ctx: CallerContext,
  { enable }: z.output<typeof SetEnableConfigManagerReq>,
): Promise<void> {
  const row = { changedBy: ctx.caller.userID, changeTime: ctx.now() }
  await putOverrides(ctx.db, [{ name: OVERRIDES_SWITCH, value: enable ? '1' : '0', ...row }])
  await ctx.settingsChanged()
}

/** OpenIM's services start again to read their files. Here there is nothing to start: the settings are read again. */
export async function restart(ctx: CallerContext): Promise<void> {
  await ctx.settingsChanged()
}

function changesIn(ctx: CallerContext, { configName, data }: NewConfig): [RuntimeSetting, string][] {
  const file = configFile(configName)
  return valuesOf(file, parseContent(configName, data)).flatMap(([place, value]): [RuntimeSetting, string][] => {
    const at = `data: ${configName}, ${place}`
    const field = file[place]
    if (!field) throw ImError.args(`${at}: there is no such field`)
    if (isDeepStrictEqual(value, field.show(ctx.config))) return []
    if (!field.change) throw ImError.args(`${at}: it is set with the deployment and cannot be changed here`)
    const { setting, schema } = field.change
    const written = schema.safeParse(value)
    if (!written.success) throw ImError.args(`${at}: ${written.error.issues[0]?.message ?? 'it is not valid'}`)
    const objection = settingError(setting, written.data)
    if (objection !== null) throw ImError.args(`${at}: ${objection}`)
    return [[setting, written.data]]
  })
}

function parseContent(configName: string, data: string): object {
  try {
    const content: unknown = JSON.parse(data)
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content
  } catch {
    // It is refused below, like any other text that is no JSON object.
  }
  throw ImError.args(`data: ${configName} is given as the text of a JSON object`)
}
