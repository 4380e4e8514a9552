import type { Route } from '../../notification/build.ts'
import type { NotificationKind } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import type { Context } from '../../runtime/context.ts'

/**
 * Notifies both users of a changed relation. Their lists and the versions of these have changed already, so that
 * devices find the change at the next login anyway: a failed notification is logged, and the call succeeds. The
 * caller's own devices get the notification after the reply. The wasm SDK reads the list on both occasions, and fails
 * when it does both at the same time (see `notify`).
 */
export async function notifyRelation(
  ctx: Context,
  kind: NotificationKind,
  route: Route,
  detail: object,
): Promise<void> {
  try {
    await notify(ctx, kind, route, detail)
  } catch (error) {
    const { contentType } = kind
    ctx.log.error('notification of a changed relation failed', error, { contentType, ...route })
  }
}

/** No client reads the versions in these notifications, but clients written in Go require the fields. */
export const NO_VERSION = { friendVersion: 0, friendVersionID: '' }
