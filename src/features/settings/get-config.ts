import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import type { CallerContext } from '../../runtime/context.ts'
import { CONFIG_FILES, type ConfigFile, contentOf } from './config-files.ts'
import type { GetConfigReq } from './schema.ts'
import { areOverridesOn } from './store.ts'

/** The OpenIM version line that this service is compatible with; clients may compare it. */
const VERSION = '3.8'

/** Lists the files that have at least one setting here. */
export async function getConfigList(
  ctx: CallerContext,
): Promise<{ environment: string; version: string; configNames: string[] }> {
  const environment = ctx.config.local ? 'source' : 'cloudflare'
  return { environment, version: VERSION, configNames: Object.keys(CONFIG_FILES) }
}

/** Answers a file as JSON text. OpenIM: secrets are included. Here they are empty. */
export async function getConfig(ctx: CallerContext, { configName }: z.output<typeof GetConfigReq>): Promise<string> {
  return JSON.stringify(contentOf(configFile(configName), ctx.config))
}

export async function getEnableConfigManager(ctx: CallerContext): Promise<{ enable: boolean }> {
  return { enable: await areOverridesOn(ctx.db) }
}

/** @throws ImError 1001 for a name that get_config_list does not answer */
export function configFile(configName: string): ConfigFile {
  const file = Object.hasOwn(CONFIG_FILES, configName) ? CONFIG_FILES[configName] : undefined
  if (!file) throw ImError.args(`configName: ${configName} does not exist; get_config_list answers the names`)
  return file
}
