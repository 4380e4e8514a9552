import { toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import type { GroupMemberFullInfo, PublicUserInfo } from '../schema.ts'
import { managerUserIDs } from '../store/members.ts'
import type { JoinRequest } from '../tables.ts'
import { groupInfo, groupRequestInfo, publicUserInfo } from '../wire.ts'
import { shownCaller } from './shown-members.ts'

/** The most receivers that are notified at the same time. */
const MAX_PARALLEL = 6

/** The part that the receiver of an answer has in the request. */
const ReceiverAs = { Applicant: 0, Manager: 1 } as const

export interface AnnouncedRequest extends JoinRequest {
  /** Clients drop an event whose uuid they have seen. */
  uuid: string
}

/**
 * Notifies the group's owner and administrators, and the applicant, of requests to join: one notification for each
 * request, in the given order.
 * @param requests all to the same group
 * @param by.applicant the user who wants to join, or the member who wants to add users
 */
export async function announceJoinRequests(
  ctx: Context,
  requests: readonly AnnouncedRequest[],
  by: { applicant: PublicUserInfo; senderUserID: string },
): Promise<void> {
  const [first] = requests
  if (!first) return
  const applicant = publicUserInfo(by.applicant)
  const details = requests.map((announced) => ({
    group: groupInfo(announced.group),
    applicant,
    reqMsg: announced.request.reqMsg,
    uuid: announced.uuid,
    request: groupRequestInfo(announced),
  }))
  const managers = await managerUserIDs(ctx.db, first.group.groupID)
  const receivers = new Set([...managers, applicant.userID])
  await notifyEach(ctx, by.senderUserID, [...receivers], NotificationKinds.joinGroupApplication, () => details)
}

/** The caller as the group shows it, and the owner and administrators of the group. */
export interface AnswerParties {
  opUser: GroupMemberFullInfo
  managers: readonly string[]
}

/**
 * Reads the users that an answer concerns. A caller reads them before it stores the answer: the group may be dismissed
 * right after that, and its managers would then miss the answer.
 */
export async function answerParties(ctx: CallerContext, groupID: string): Promise<AnswerParties> {
  const [opUser, managers] = await Promise.all([shownCaller(ctx, groupID), managerUserIDs(ctx.db, groupID)])
  return { opUser, managers }
}

/** Notifies the group's owner and administrators, and the applicant, of the answer to a request. */
export async function announceAnswer(
  ctx: CallerContext,
  kind: typeof NotificationKinds.groupApplicationAccepted | typeof NotificationKinds.groupApplicationRejected,
  answered: JoinRequest,
  { opUser, managers }: AnswerParties,
): Promise<void> {
  const { group, request } = answered
  const detail = {
    group: groupInfo(group),
    opUser,
    handleMsg: request.handledMsg,
    uuid: crypto.randomUUID(),
    request: groupRequestInfo(answered),
  }
  const receivers = new Set([...managers, request.userID])
  await notifyEach(ctx, ctx.caller.userID, [...receivers], kind, (userID) => [
    { ...detail, receiverAs: userID === request.userID ? ReceiverAs.Applicant : ReceiverAs.Manager },
  ])
}

/**
 * The request is stored already, and receivers who miss the notification find it in their lists. So a failed
 * notification is logged, and the call succeeds.
 */
async function notifyEach(
  ctx: Context,
  senderUserID: string,
  userIDs: readonly string[],
  kind: (typeof NotificationKinds)[keyof typeof NotificationKinds],
  detailsFor: (userID: string) => readonly object[],
): Promise<void> {
  await inParallel(userIDs, MAX_PARALLEL, async (userID) => {
    for (const detail of detailsFor(userID)) {
      try {
        await notify(ctx, kind, toUser(senderUserID, userID), detail)
      } catch (error) {
        ctx.log.error('notification of a join request failed', error, { contentType: kind.contentType, userID })
      }
    }
  })
}
