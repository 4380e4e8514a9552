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

/** The owner of the settings that every user gets. */
const EVERYBODY = ''

/** Everybody's settings, under those of the user. Without a userID: everybody's alone. */
export async function getUserClientConfig(
  ctx: CallerContext,
  { userID }: z.output<typeof GetUserClientConfigReq>,
): Promise<{ configs: Record<string, string> }> {
  if (userID !== EVERYBODY) {
    requireSelfOrAdmin(ctx, userID)
    await existingUser(ctx, userID)
  }
  const rows = await findClientConfigs(ctx.db, [EVERYBODY, userID])
  const general = rows.filter((row) => row.userID === EVERYBODY)
  const own = rows.filter((row) => row.userID !== EVERYBODY)
  return { configs: Object.fromEntries([...general, ...own].map(({ key, value }) => [key, value])) }
}

/** Sets the given keys; the others stay. */
export async function setUserClientConfig(
  ctx: CallerContext,
  { userID, configs }: z.output<typeof SetUserClientConfigReq>,
): Promise<void> {
  if (userID !== EVERYBODY) await existingUser(ctx, userID)
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
