import type { z } from 'zod'
import { type CallerContext, requireSelfOrAdmin } from '../../platform/context.ts'
import type { ConversationRow } from '../../platform/rpc.ts'
import { idHash } from '../../sync/id-hash.ts'
import type { GetFullConversationIDsReq, GetIncrementalConversationsReq } from './schema.ts'

/** What changed in the owner's conversations since the version the client has. */
export async function getIncrementalConversations(
  ctx: CallerContext,
  { userID, versionID, version }: z.output<typeof GetIncrementalConversationsReq>,
): Promise<{
  version: number
  versionID: string
  full: boolean
  delete: string[]
  insert: ConversationRow[]
  update: ConversationRow[]
}> {
  requireSelfOrAdmin(ctx, userID)
  const { delta, rows } = await ctx.user(userID).conversationDelta(versionID, version)
  const inserted = new Set(delta.inserted)
  return {
    version: delta.version,
    versionID: delta.versionID,
    full: delta.full,
    delete: delta.deleted,
    insert: rows.filter((row) => inserted.has(row.conversationID)),
    update: rows.filter((row) => !inserted.has(row.conversationID)),
  }
}

/** The IDs of all conversations in row order, unless the client's hash says that it has them already. */
export async function getFullConversationIDs(
  ctx: CallerContext,
  req: z.output<typeof GetFullConversationIDsReq>,
): Promise<{ version: number; versionID: string; equal: boolean; conversationIDs: string[] }> {
  requireSelfOrAdmin(ctx, req.userID)
  const { version, versionID, conversationIDs } = await ctx.user(req.userID).conversationVersion()
  const equal = idHash(conversationIDs) === req.idHash
  return { version, versionID, equal, conversationIDs: equal ? [] : conversationIDs }
}
