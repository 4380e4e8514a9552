import { authEndpoints } from '../features/auth/endpoints.ts'
import { conversationEndpoints } from '../features/conversation/endpoints.ts'
import { fileEndpoints } from '../features/file/endpoints.ts'
import { friendEndpoints } from '../features/friend/endpoints.ts'
import { groupEndpoints } from '../features/group/endpoints.ts'
import { jssdkEndpoints } from '../features/jssdk/endpoints.ts'
import { messageEndpoints } from '../features/message/endpoints.ts'
import { messageStateEndpoints } from '../features/message/state/endpoints.ts'
import { pushEndpoints } from '../features/push-devices/endpoints.ts'
import { sdkLogEndpoints } from '../features/sdk-logs/endpoints.ts'
import { settingsEndpoints } from '../features/settings/endpoints.ts'
import { statisticsEndpoints } from '../features/statistics/endpoints.ts'
import { userEndpoints } from '../features/user/endpoints.ts'
import { verificationEndpoints } from '../features/verification/endpoints.ts'
import { webhookEndpoints } from '../features/webhook/endpoints.ts'
import type { Endpoint } from '../runtime/endpoint.ts'

/** Every REST call of the service. */
export const endpoints: readonly Endpoint[] = [
  ...authEndpoints,
  ...userEndpoints,
  ...friendEndpoints,
  ...groupEndpoints,
  ...conversationEndpoints,
  ...messageEndpoints,
  ...messageStateEndpoints,
  ...jssdkEndpoints,
  ...fileEndpoints,
  ...pushEndpoints,
  ...sdkLogEndpoints,
  ...statisticsEndpoints,
  ...settingsEndpoints,
  ...verificationEndpoints,
  ...webhookEndpoints,
]
