import { TransferJob } from '../contracts/jobs.ts'
import type { Bindings } from '../env.ts'
import { announceImport } from '../features/friend/import-friends.ts'
import { noteProfileChange } from '../features/friend/note-profile-change.ts'
import { letMembersGo } from '../features/group/lifecycle/dismiss-group.ts'
import { noteProfileChangeInGroups } from '../features/group/member-info/note-profile-change.ts'
import { announceInvitees } from '../features/group/membership/invite-users.ts'
import { sendToAll, sendToUsers } from '../features/message/send/batch-send-msg.ts'
import { listConversation } from '../features/message/store.ts'
import type { Context } from '../runtime/context.ts'
import { clean } from './cleaning.ts'

/** Runs one job of the `transfer` queue. */
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
