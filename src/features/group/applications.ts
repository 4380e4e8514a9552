import { toUser } from '../../notification/build.ts'
import { NotificationKinds } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import type { CallerContext } from '../../platform/context.ts'
import { inParallel } from '../../platform/parallel.ts'
import type { PublicUserInfo } from './schema.ts'
import { managerUserIDs } from './store/members.ts'
import type { GroupRequestWithBoth } from './store/requests.ts'
import { actorOf } from './tips.ts'
import { groupInfo, groupRequestInfo, publicUserInfo } from './wire.ts'

const MAX_PARALLEL = 6

/** Who an answer speaks to. */
const ReceiverAs = { Applicant: 0, Manager: 1 } as const

/**
 * Tells those who manage the group, and whoever asked, that somebody wants to come in.
 * @param applicant who asked: the user, or the member who wants to bring the user in
 */
export async function tellOfApplication(
  ctx: CallerContext,
  about: GroupRequestWithBoth,
  applicant: PublicUserInfo,
): Promise<void> {
  const { group, request } = about
  const detail = {
    group: groupInfo(group),
    applicant: publicUserInfo(applicant),
    reqMsg: request.reqMsg,
    // Clients drop an event whose uuid they have seen.
    uuid: crypto.randomUUID(),
    request: groupRequestInfo(about),
  }
  const managers = await managerUserIDs(ctx.db, group.groupID)
  const receivers = new Set([...managers, applicant.userID])
  await tellEach(ctx, [...receivers], NotificationKinds.joinGroupApplication, () => detail)
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
  await tellEach(ctx, [...managers, request.userID], kind, (userID) => ({
    ...detail,
    receiverAs: userID === request.userID ? ReceiverAs.Applicant : ReceiverAs.Manager,
  }))
}

/** The request stands already: who is not told finds it in the list, so a failure here is no failure of the call. */
async function tellEach(
  ctx: CallerContext,
  userIDs: readonly string[],
  kind: (typeof NotificationKinds)[keyof typeof NotificationKinds],
  detailFor: (userID: string) => object,
): Promise<void> {
  await inParallel(userIDs, MAX_PARALLEL, async (userID) => {
    try {
      await notify(ctx, kind, toUser(ctx.caller.userID, userID), detailFor(userID))
    } catch (error) {
      ctx.log.error('a request to join could not be announced', error, { contentType: kind.contentType, userID })
    }
  })
}
