import { TransferJob } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { announceImport } from '../features/friend/import-friends.ts'
import { publishProfileToFriends } from '../features/friend/publish-profile.ts'
import { removeAllMembers } from '../features/group/lifecycle/dismiss-group.ts'
import { publishProfileToGroups } from '../features/group/member-info/publish-profile.ts'
import { announceInvitationRequests } from '../features/group/membership/announce-invitation-requests.ts'
import { sendToAll, sendToUsers } from '../features/message/send/batch-send-msg.ts'
import { addToDirectory } from '../features/message/store.ts'
import { singleConversationID } from '../protocol/conversation-id.ts'
import type { Context } from '../runtime/context.ts'
import { clean } from './cleaning.ts'

/** Runs one job of the `transfer` queue. */
export function runTransferJob(ctx: Context, _env: Bindings, body: unknown): Promise<void> {
  return handle(ctx, TransferJob.parse(body))
}

async function handle(ctx: Context, job: TransferJob): Promise<void> {
  switch (job.kind) {
    case 'user-info-changed':
      await publishProfileToFriends(ctx, job.userID)
      return publishProfileToGroups(ctx, job.userID)
    case 'group-dismissed':
      return removeAllMembers(ctx, job.groupID)
    case 'invitees-asked-for':
      return announceInvitationRequests(ctx, job)
    case 'friends-imported':
      // First the directory: the conversations then leave it out at the end of their first busy period.
      await addToDirectory(
        ctx.db,
        job.friendUserIDs.map((friendUserID) => singleConversationID(job.ownerUserID, friendUserID)),
      )
      return announceImport(ctx, { ...job, isListed: true })
    case 'conversation-begun':
      return addToDirectory(ctx.db, [job.conversationID])
    case 'send-to-users':
      return sendToUsers(ctx, job)
    case 'send-to-all':
      return sendToAll(ctx, job)
    case 'clean':
      return clean(ctx, job)
  }
}
