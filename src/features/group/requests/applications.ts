import { toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import { inParallel } from '../../../platform/concurrency/parallel.ts'
import type { CallerContext, Context } from '../../../runtime/context.ts'
import type { PublicUserInfo } from '../schema.ts'
import { managerUserIDs } from '../store/members.ts'
import type { GroupRequestWithBoth } from '../store/requests.ts'
import { actorOf } from '../tips.ts'
import { groupInfo, groupRequestInfo, publicUserInfo } from '../wire.ts'

const MAX_PARALLEL = 6

/** Who an answer speaks to. */
const ReceiverAs = { Applicant: 0, Manager: 1 } as const

/** A request to join as it is told of. */
export interface Application extends GroupRequestWithBoth {
  /** Clients drop an event whose uuid they have seen. */
  uuid: string
}

/**
 * Tells those who manage the group, and whoever asked, that somebody wants to come in, once for each request and in
 * their order.
 * @param applications all to the same group
 * @param by.applicant who asked: the user, or the member who wants to bring users in
 */
export async function tellOfApplications(
  ctx: Context,
  applications: readonly Application[],
  by: { applicant: PublicUserInfo; senderUserID: string },
): Promise<void> {
  const [first] = applications
  if (!first) return
  const applicant = publicUserInfo(by.applicant)
  const details = applications.map((application) => ({
    group: groupInfo(application.group),
    applicant,
    reqMsg: application.request.reqMsg,
    uuid: application.uuid,
    request: groupRequestInfo(application),
  }))
  const managers = await managerUserIDs(ctx.db, first.group.groupID)
  const receivers = new Set([...managers, applicant.userID])
  await tellEach(ctx, by.senderUserID, [...receivers], NotificationKinds.joinGroupApplication, () => details)
}

/** Tells those who manage the group, and the applicant, what became of a request. */
export async function tellOfAnswer(
  ctx: CallerContext,
  kind: typeof NotificationKinds.groupApplicationAccepted | typeof NotificationKinds.groupApplicationRejected,
  about: GroupRequestWithBoth,
): Promise<void> {
  const { group, request } = about
  const opUser = await actorOf(ctx, group.groupID)
  const detail = {
    group: groupInfo(group),
    opUser,
    handleMsg: request.handledMsg,
    uuid: crypto.randomUUID(),
    request: groupRequestInfo(about),
  }
  const managers = (await managerUserIDs(ctx.db, group.groupID)).filter((userID) => userID !== request.userID)
  await tellEach(ctx, ctx.caller.userID, [...managers, request.userID], kind, (userID) => [
    { ...detail, receiverAs: userID === request.userID ? ReceiverAs.Applicant : ReceiverAs.Manager },
  ])
}

/** The request stands already: who is not told finds it in the list, so a failure here is no failure of the call. */
async function tellEach(
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
        ctx.log.error('a request to join could not be announced', error, { contentType: kind.contentType, userID })
      }
    }
  })
}
