import type { Bindings } from '../env.ts'
import { announceImport } from '../features/friend/import-friends.ts'
import { noteProfileChange } from '../features/friend/note-profile-change.ts'
import { letMembersGo } from '../features/group/dismiss-group.ts'
import { announceInvitees } from '../features/group/invite-users.ts'
import { noteProfileChangeInGroups } from '../features/group/note-profile-change.ts'
import { sendToAll, sendToUsers } from '../features/message/batch-send-msg.ts'
import { listConversation } from '../features/message/store.ts'
import type { Context } from '../platform/context.ts'
import { TransferJob } from '../platform/jobs.ts'
import { clean } from './cron.ts'

/** Does one job of the `transfer` queue. */
export function runTransferJob(ctx: Context, _env: Bindings, body: unknown): Promise<void> {
  return handle(ctx, TransferJob.parse(body))
}

async function handle(ctx: Context, job: TransferJob): Promise<void> {
  switch (job.kind) {
    case 'user-info-changed':
      await noteProfileChange(ctx, job.userID)
      return noteProfileChangeInGroups(ctx, job.userID)
    case 'group-dismissed':
      return letMembersGo(ctx, job.groupID)
    case 'invitees-asked-for':
      return announceInvitees(ctx, job)
    case 'friends-imported':
      return announceImport(ctx, job)
    case 'conversation-begun':
      return listConversation(ctx.db, job.conversationID)
    case 'send-to-users':
      return sendToUsers(ctx, job)
    case 'send-to-all':
      return sendToAll(ctx, job)
    case 'clean':
      return clean(ctx, job)
  }
}
