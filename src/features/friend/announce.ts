import type { Route } from '../../notification/build.ts'
import type { NotificationKind } from '../../notification/kinds.ts'
import { notify } from '../../notification/send.ts'
import { singleConversationID } from '../../protocol/conversation-id.ts'
import type { Context } from '../../runtime/context.ts'

/**
 * Changes in D1 what two users are to each other, and lets their conversation, which checks what they send each other,
 * read it. The conversation hears of it before D1 does: should this call die between the two, it looks by itself.
 */
export async function changeRelation<T>(
  ctx: Context,
  userID: string,
  peerUserID: string,
  write: () => Promise<T>,
): Promise<T> {
  const conversation = ctx.conversation(singleConversationID(userID, peerUserID))
  const begun = await conversation.relationsChanging()
  const written = await write()
  await conversation.relationsChanged(begun)
  return written
}

/**
 * The same for a change that D1 has already. A conversation that opens in between reads the new state by itself; when
 * this fails the call fails, and repeating it gets here again.
 */
export async function noteRelation(ctx: Context, userID: string, peerUserID: string): Promise<void> {
  await ctx.conversation(singleConversationID(userID, peerUserID)).relationsChanged(null)
}

/**
 * Tells the two of them. The lists have changed already and their versions with them: who is not told finds it at the
 * next login, so a failure here is no failure of the change. The devices of the caller hear of it after the reply: the
 * wasm SDK reads the list on both occasions, and fails when it does so at the same time (see `notify`).
 */
export async function tell(ctx: Context, kind: NotificationKind, route: Route, detail: object): Promise<void> {
  try {
    await notify(ctx, kind, route, detail)
  } catch (error) {
    const { contentType } = kind
    ctx.log.error('a changed relation could not be announced', error, { contentType, ...route })
  }
}

/** Nobody reads the versions in these notifications, but clients written in Go want the fields there. */
export const NO_VERSION = { friendVersion: 0, friendVersionID: '' }
