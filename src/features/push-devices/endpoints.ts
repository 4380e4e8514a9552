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

/*
 * Offline push begins here: clients register the tokens of their devices and set the badge number.
 *
 * The rest of offline push is elsewhere:
 * - `src/objects/user/` decides whether a user needs an offline push (`notify/should-push.ts`) and queues it
 *   (`state/push-buffer.ts`);
 * - `src/push/` builds the notification, selects the provider of each device and calls the provider's API;
 * - `src/jobs/` consumes the `push` queue, with retries;
 * - `src/config/push.ts` reads the settings. For operators: `docs/push.md`.
 */

export const pushEndpoints = [
  post('/third/fcm_update_token', 'token', FcmUpdateTokenReq, fcmUpdateToken),
  post('/third/set_app_badge', 'token', SetAppBadgeReq, setAppBadge),
  // Ours, not OpenIM's.
  post('/third/update_push_token', 'token', UpdatePushTokenReq, updatePushToken),
  post('/third/delete_push_token', 'token', DeletePushTokenReq, deletePushToken),
  post('/third/get_push_config', 'token', GetPushConfigReq, getPushConfig),
]
