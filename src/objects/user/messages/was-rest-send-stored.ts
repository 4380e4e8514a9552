import type { UserCore } from '../user-core.ts'

/** Whether the user's REST call with that operationID has sent its message in the last 24 hours. */
export async function wasRestSendStored(user: UserCore, operationID: string): Promise<boolean> {
  const call = user.sendStatus.find(operationID, user.now())
  if (!call?.pending) return call !== null
  const { home, sendID, clientMsgID } = call.pending
  return user.conversation(home).hasMessage(sendID, clientMsgID, call.time)
}
