import type { z } from 'zod'
import { ImError } from '../../protocol/errors.ts'
import { type CallerContext, requireSelfOrAdmin } from '../../runtime/context.ts'
import type {
  AddUserCommandReq,
  DeleteUserCommandReq,
  GetAllUserCommandReq,
  GetUserCommandReq,
  UpdateUserCommandReq,
  UserCommandInfo,
} from './schema.ts'
import {
  type CommandKey,
  commandExists,
  countOtherCommands,
  deleteCommand,
  findCommands,
  putCommand,
  updateCommand,
} from './store/commands.ts'
import type { UserCommandRow } from './tables.ts'

/*
 * OpenIM has notifications about these changes (1305–1307), but no route for them, so it never delivers one. Clients
 * have not been tested with them, so this service does not send them either. Devices read the commands when they need
 * them.
 */

/** The most commands of a user. They are limited because one call reads all of them. */
const MAX_COMMANDS = 1_000

/**
 * Stores a command. An existing one with the same type and uuid is replaced, so that a repeated call adds no second.
 */
export async function addUserCommand(
  ctx: CallerContext,
  { userID, type, uuid, value, ex }: z.output<typeof AddUserCommandReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  // Two devices that add at the same time may exceed the limit by one, which does no harm.
  if ((await countOtherCommands(ctx.db, { userID, type, uuid })) >= MAX_COMMANDS) {
    throw ImError.args(`a user keeps at most ${MAX_COMMANDS} commands`)
  }
  const createTime = Math.floor(ctx.now() / 1000)
  await putCommand(ctx.db, { userID, type, uuid, value: value ?? '', ex: ex ?? '', createTime })
}

/** Changes the given fields; absent fields keep their values. */
export async function updateUserCommand(
  ctx: CallerContext,
  { userID, type, uuid, value, ex }: z.output<typeof UpdateUserCommandReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  const key = { userID, type, uuid }
  const changes = { ...(value !== null && { value }), ...(ex !== null && { ex }) }
  const isEmpty = Object.keys(changes).length === 0
  const exists = await (isEmpty ? commandExists(ctx.db, key) : updateCommand(ctx.db, key, changes))
  if (!exists) throw noSuchCommand(key)
}

export async function deleteUserCommand(
  ctx: CallerContext,
  { userID, type, uuid }: z.output<typeof DeleteUserCommandReq>,
): Promise<void> {
  requireSelfOrAdmin(ctx, userID)
  const key = { userID, type, uuid }
  if (!(await deleteCommand(ctx.db, key))) throw noSuchCommand(key)
}

/** Lists the commands of one type. OpenIM: `CommandResp` begins with a capital letter on the wire. */
export async function getUserCommands(
  ctx: CallerContext,
  { userID, type }: z.output<typeof GetUserCommandReq>,
): Promise<{ CommandResp: UserCommandInfo[] }> {
  requireSelfOrAdmin(ctx, userID)
  return { CommandResp: (await findCommands(ctx.db, userID, type)).map(commandInfo) }
}

export async function getAllUserCommands(
  ctx: CallerContext,
  { userID }: z.output<typeof GetAllUserCommandReq>,
): Promise<{ CommandResp: UserCommandInfo[] }> {
  requireSelfOrAdmin(ctx, userID)
  return { CommandResp: (await findCommands(ctx.db, userID, null)).map(commandInfo) }
}

function commandInfo({ type, createTime, uuid, value, ex }: UserCommandRow): UserCommandInfo {
  return { type, createTime, uuid, value, ex }
}

function noSuchCommand({ userID, type, uuid }: CommandKey): ImError {
  return ImError.notFound(`user ${userID} has no command ${JSON.stringify(uuid)} of type ${type}`)
}
