import { post } from '../../runtime/endpoint.ts'
import { getPushConfig } from './get-push-config.ts'
import { deletePushToken, fcmUpdateToken, updatePushToken } from './push-tokens.ts'
import {
  DeletePushTokenReq,
  FcmUpdateTokenReq,
  GetPushConfigReq,
  SetAppBadgeReq,
  UpdatePushTokenReq,
} from './schema.ts'
import { setAppBadge } from './set-app-badge.ts'

export const pushEndpoints = [
  post('/third/fcm_update_token', 'token', FcmUpdateTokenReq, fcmUpdateToken),
  post('/third/set_app_badge', 'token', SetAppBadgeReq, setAppBadge),
  // Our own.
  post('/third/update_push_token', 'token', UpdatePushTokenReq, updatePushToken),
  post('/third/delete_push_token', 'token', DeletePushTokenReq, deletePushToken),
  post('/third/get_push_config', 'token', GetPushConfigReq, getPushConfig),
]
