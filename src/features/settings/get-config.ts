import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { CONFIG_FILES, type ConfigFile, contentOf } from './config-files.ts'
import type { GetConfigReq } from './schema.ts'
import { overridesApplied } from './store.ts'

/** What OpenIM's clients may compare with: the line of versions that this service speaks. */
const VERSION = '3.8'

/** The files of which there is something here. */
export async function getConfigList(
  ctx: CallerContext,
): Promise<{ environment: string; version: string; configNames: string[] }> {
  const environment = ctx.config.local ? 'source' : 'cloudflare'
  return { environment, version: VERSION, configNames: Object.keys(CONFIG_FILES) }
}

/** OpenIM answers the JSON of a file as a text, its secrets included; here secrets are empty. */
export async function getConfig(ctx: CallerContext, { configName }: z.output<typeof GetConfigReq>): Promise<string> {
  return JSON.stringify(contentOf(configFile(configName), ctx.config))
}

export async function getEnableConfigManager(ctx: CallerContext): Promise<{ enable: boolean }> {
  return { enable: await overridesApplied(ctx.db) }
}

/** @throws ImError 1001 for a name that is not one of those */
export function configFile(configName: string): ConfigFile {
  const file = Object.hasOwn(CONFIG_FILES, configName) ? CONFIG_FILES[configName] : undefined
  if (!file) throw ImError.args(`configName: there is no ${configName}; get_config_list tells which there are`)
  return file
}
