import type { z } from 'zod'
import { type Route, toUser } from '../../../notification/build.ts'
import { NotificationKinds } from '../../../notification/kinds.ts'
import { notify } from '../../../notification/send.ts'
import type { CallerContext } from '../../../runtime/context.ts'
import { ensureAdmin } from '../../user/access.ts'
import { Reliability, type SendBusinessNotificationReq, type SentMsg } from '../schema.ts'

/**
 * Sends `{key, data}` from an app backend to its clients unchanged. Clients that are offline get it only when it is
 * stored.
 */
export async function sendBusinessNotification(
  ctx: CallerContext,
  req: z.output<typeof SendBusinessNotificationReq>,
): Promise<SentMsg> {
  await ensureAdmin(ctx, req.sendUserID)
  // OpenIM: for a group, recvID is empty here; in its other notifications recvID is the group's ID.
  const toGroup: Route = { sendID: req.sendUserID, recvID: '', groupID: req.recvGroupID }
  const route = req.recvGroupID === '' ? toUser(req.sendUserID, req.recvUserID) : toGroup
  return notify(
    ctx,
    NotificationKinds.business,
    route,
    { key: req.key, data: req.data },
    { toChat: req.sendMsg, stored: req.reliabilityLevel === Reliability.Stored },
  )
}
