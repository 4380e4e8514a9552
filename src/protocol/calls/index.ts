import { authCalls } from './auth.ts'
import { conversationCalls } from './conversation.ts'
import { fileCalls } from './file.ts'
import { friendCalls } from './friend.ts'
import { groupCalls } from './group.ts'
import { messageCalls } from './message.ts'
import { operationCalls } from './operation.ts'
import { ownCalls } from './own.ts'
import type { Calls } from './shape.ts'
import { userCalls } from './user.ts'

/** Every POST of OpenIM's REST API, by its path. */
export const OPENIM_CALLS: Calls = {
  ...authCalls,
  ...userCalls,
  ...friendCalls,
  ...groupCalls,
  ...conversationCalls,
  ...messageCalls,
  ...fileCalls,
  ...operationCalls,
}

/** Every call of the OpenAPI document. */
export const CALLS: Calls = { ...OPENIM_CALLS, ...ownCalls }
