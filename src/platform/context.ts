import type { Bindings } from '../env.ts'
import { ImError } from '../protocol/errors.ts'
import { AfterReply } from './after-reply.ts'
import { type Config, configOf } from './config.ts'
import { type Database, openDatabase } from './d1.ts'
import type { FileStore } from './files.ts'
import type { TransferJob } from './jobs.ts'
import { createLog, type Log } from './log.ts'
import { conversationObject, userObject } from './objects.ts'
import { openPictureService, type PictureService } from './pictures.ts'
import { openR2Store } from './r2-files.ts'
import type { ConversationRpc, UserRpc } from './rpc.ts'
import { openS3Store } from './s3-files.ts'

/** Who asks: the user of the token. */
export interface Caller {
  userID: string
  platformID: number
  isAdmin: boolean
}

/** All that a handler stands on; features never name Cloudflare. */
export interface Context {
  readonly operationID: string
  readonly config: Config
  readonly db: Database
  readonly files: FileStore
  readonly pictures: PictureService
  readonly log: Log
  /** Where the client reaches the REST API, without a slash at the end; "" in a job. */
  readonly publicURL: string
  /** ms since the epoch. */
  now(): number
  user(userID: string): UserRpc
  conversation(conversationID: string): ConversationRpc
  /** Hands work to the `transfer` queue; it is done at least once. */
  after(job: TransferJob): Promise<void>
  /** Does something once the caller has the answer; see `AfterReply` for what may be left to it. */
  afterReply(task: () => Promise<unknown>): void
  /** Null where nobody calls: in a job. */
  readonly caller: Caller | null
}

/** A context whose caller is known. */
export interface CallerContext extends Context {
  readonly caller: Caller
}

export function createContext(
  env: Bindings,
  operationID: string,
  afterReply = new AfterReply(),
  publicURL = '',
): Context {
  const config = configOf(env)
  return {
    operationID,
    config,
    db: openDatabase(env.DB),
    files: config.s3 ? openS3Store(config.s3) : openR2Store(env.FILES),
    pictures: openPictureService(env.IMAGES),
    log: createLog(config.logLevel, { operationID }),
    publicURL,
    now: () => Date.now(),
    user: (userID) => userObject(env, userID),
    conversation: (conversationID) => conversationObject(env, conversationID),
    after: async (job) => {
      await env.TRANSFER_QUEUE.send(job)
    },
    afterReply: (task) => afterReply.add(task),
    caller: null,
  }
}

/** @throws ImError 1002 unless the caller is that user or an administrator */
export function requireSelfOrAdmin(ctx: CallerContext, userID: string): void {
  if (ctx.caller.isAdmin || ctx.caller.userID === userID) return
  throw ImError.noPermission(`user ${ctx.caller.userID} may not act for user ${userID}`)
}
