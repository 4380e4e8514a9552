import { HandleResult } from '../../../protocol/constants/handle-result.ts'
import type { Context } from '../../../runtime/context.ts'
import { existingUser } from '../../user/access.ts'
import { announceJoinRequests } from '../notifications/announce-join-requests.ts'
import { requestsTo } from '../store/requests.ts'

/**
 * Join requests that one member made for other users, each with the uuid by which clients recognize a repeated event.
 */
interface InvitationRequests {
  groupID: string
  inviterUserID: string
  asked: readonly { userID: string; uuid: string }[]
}

/**
 * Announces the requests, as the queue job `invitees-asked-for`. Leaves out requests that were answered, or replaced by
 * a request of another member or of the user, since the job was queued.
 */
export async function announceInvitationRequests(
  ctx: Context,
  { groupID, inviterUserID, asked }: InvitationRequests,
): Promise<void> {
  const inviter = await existingUser(ctx, inviterUserID)
  const userIDs = asked.map(({ userID }) => userID)
  const requests = new Map((await requestsTo(ctx.db, groupID, userIDs)).map((row) => [row.request.userID, row]))
  const pending = asked.flatMap(({ userID, uuid }) => {
    const found = requests.get(userID)
    const isPending =
      found?.request.handleResult === HandleResult.Pending && found.request.inviterUserID === inviterUserID
    return isPending ? [{ ...found, uuid }] : []
  })
  await announceJoinRequests(ctx, pending, { applicant: inviter, senderUserID: inviterUserID })
}
