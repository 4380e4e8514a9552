import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import { pageWindow } from '../../runtime/openim-json.ts'
import { existingUser } from './access.ts'
import type {
  ClientConfig,
  DelUserClientConfigReq,
  GetUserClientConfigReq,
  PageUserClientConfigReq,
  SetUserClientConfigReq,
} from './schema.ts'
import { clientConfigPage, deleteClientConfigs, findClientConfigs, putClientConfigs } from './store/client-configs.ts'

/** The userID under which the settings for all users are stored. */
const ALL_USERS = ''

/**
 * Returns the settings for all users, overridden by those of the given user. Without a userID: only the settings for
 * all users.
 */
export async function getUserClientConfig(
  ctx: CallerContext,
  { userID }: z.output<typeof GetUserClientConfigReq>,
): Promise<{ configs: Record<string, string> }> {
  if (userID !== ALL_USERS) {
    requireSelfOrAdmin(ctx, userID)
    await existingUser(ctx, userID)
  }
  const rows = await findClientConfigs(ctx.db, [ALL_USERS, userID])
  const general = rows.filter((row) => row.userID === ALL_USERS)
  const own = rows.filter((row) => row.userID !== ALL_USERS)
  return { configs: Object.fromEntries([...general, ...own].map(({ key, value }) => [key, value])) }
}

/** Sets the given keys; other keys keep their values. */
export async function setUserClientConfig(
  ctx: CallerContext,
  { userID, configs }: z.output<typeof SetUserClientConfigReq>,
): Promise<void> {
  if (userID !== ALL_USERS) await existingUser(ctx, userID)
  await putClientConfigs(
    ctx.db,
    configs.map(({ key, value }) => ({ userID, key, value })),
  )
}

export async function delUserClientConfig(
  ctx: CallerContext,
  { userID, keys }: z.output<typeof DelUserClientConfigReq>,
): Promise<void> {
  await deleteClientConfigs(ctx.db, userID, keys)
}

export async function pageUserClientConfig(
  ctx: CallerContext,
  { userID, key, pagination }: z.output<typeof PageUserClientConfigReq>,
): Promise<{ total: number; configs: ClientConfig[] }> {
  const { total, rows } = await clientConfigPage(ctx.db, { userID, key }, pageWindow(pagination))
  return { total, configs: rows }
}
