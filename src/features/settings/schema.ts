import { z } from 'zod'
import { bool, message, str } from '../../runtime/openim-json.ts'

/** Far above the longest file, which has some hundred bytes. */
const MAX_DATA = 65_536
const MAX_CONFIGS = 100

const configName = z.string().min(1)

/** The empty body of calls without parameters. */
export const EmptyReq = message({})
export const GetConfigReq = message({ configName })
const NewConfig = message({ configName, data: z.string().max(MAX_DATA) })
export const SetConfigReq = NewConfig
export const SetConfigsReq = message({ configs: z.array(NewConfig).min(1).max(MAX_CONFIGS) })
export const SetEnableConfigManagerReq = message({ enable: bool() })
/** Ours: a configName resets one file. OpenIM: the call resets all files. */
export const ResetConfigReq = message({ configName: str() })
