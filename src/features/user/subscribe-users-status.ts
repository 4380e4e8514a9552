import type { OnlineStatus } from './schema.ts'

/*
 * OpenIM keeps these two calls and does nothing in them: a subscription belongs to a connection, which makes it with
 * request 2005 on its socket (`objects/user/presence.ts`). They answer that nobody is watched, as OpenIM does.
 */

export async function subscribeUsersStatus(): Promise<{ statusList: OnlineStatus[] }> {
  return { statusList: [] }
}

export async function getSubscribeUsersStatus(): Promise<{ statusList: OnlineStatus[] }> {
  return { statusList: [] }
}
