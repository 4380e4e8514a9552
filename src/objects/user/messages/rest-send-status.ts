import type { UserCore } from '../user-core.ts'

/** Whether the user's REST call with that operationID has sent its message, in the last 24 hours. */
export async function wasRestSendStored(user: UserCore, operationID: string): Promise<boolean> {
  const note = user.sendStatus.find(operationID, user.now())
  if (!note?.begun) return note !== null
  const { home, sendID, clientMsgID } = note.begun
  return user.conversation(home).hasMessage(sendID, clientMsgID, note.now)
}
