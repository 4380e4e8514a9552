import { post, withQuirks } from '../../runtime/endpoint.ts'
import { getConfig, getConfigList, getEnableConfigManager } from './get-config.ts'
import {
  EmptyReq,
  GetConfigReq,
  ResetConfigReq,
  SetConfigReq,
  SetConfigsReq,
  SetEnableConfigManagerReq,
} from './schema.ts'
import { resetConfig, restart, setConfig, setConfigs, setEnableConfigManager } from './set-config.ts'

/** OpenIM: these calls answer an invalid body with the HTTP status 400, other calls with 200. */
const badBody400 = { badBodyStatus: 400 }

export const settingsEndpoints = [
  post('/config/get_config_list', 'admin', EmptyReq, getConfigList),
  withQuirks(post('/config/get_config', 'admin', GetConfigReq, getConfig), badBody400),
  withQuirks(post('/config/set_config', 'admin', SetConfigReq, setConfig), badBody400),
  // OpenIM: only its separate chat service has this call.
  withQuirks(post('/config/set_configs', 'admin', SetConfigsReq, setConfigs), badBody400),
  post('/config/reset_config', 'admin', ResetConfigReq, resetConfig),
  withQuirks(
    post('/config/set_enable_config_manager', 'admin', SetEnableConfigManagerReq, setEnableConfigManager),
    badBody400,
  ),
  post('/config/get_enable_config_manager', 'admin', EmptyReq, getEnableConfigManager),
  post('/restart', 'admin', EmptyReq, restart),
]
