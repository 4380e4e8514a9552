import { type Config, configOf } from '../config/index.ts'
import { readOverrides } from '../config/overrides.ts'
import type { ConversationRpc } from '../contracts/conversation.ts'
import type { TransferJob } from '../contracts/jobs.ts'
import type { UserRpc } from '../contracts/user.ts'
import type { Bindings } from '../env.ts'
import { createLog, type Log } from '../platform/observability/log.ts'
import { type Database, openDatabase } from '../platform/storage/d1.ts'
import type { FileStore } from '../platform/storage/file-store.ts'
import { type ImageService, openImageService } from '../platform/storage/images.ts'
import { openR2Store } from '../platform/storage/r2-files.ts'
import { openS3Store } from '../platform/storage/s3-files.ts'
import { ImError } from '../protocol/errors.ts'
import { AfterReply } from './after-reply.ts'
import type { MailBinding } from './mail-binding.ts'
import { conversationObject, userObject } from './rpc/stubs.ts'
import { WebhookQueue } from './webhook-queue.ts'

/** The user of the token. */
export interface Caller {
  userID: string
  platformID: number
  isAdmin: boolean
}

/** Everything a handler works with, so that features never name Cloudflare's bindings. */
export interface Context {
  readonly operationID: string
  readonly config: Config
  readonly db: Database
  readonly files: FileStore
  readonly images: ImageService
  readonly log: Log
  /** The address at which the client reaches the REST API, without a slash at the end; "" in a job. */
  readonly publicURL: string
  /** The client's IP address; "" when it is unknown, and in a job. */
  readonly clientIP: string
  /** Sends mail through Cloudflare; null when the deployment does not have the binding. */
  readonly mailBinding: MailBinding | null
  /** ms since the epoch. */
  now(): number
  user(userID: string): UserRpc
  conversation(conversationID: string): ConversationRpc
  /** Sends a job to the `transfer` queue; the job runs at least once. */
  enqueue(job: TransferJob): Promise<void>
  /** Queues after-webhooks for the app server; see `webhook/after.ts`. */
  readonly webhooks: WebhookQueue
  /** Runs a task after the caller has the reply; `AfterReply` says which tasks may wait that long. */
  afterReply(task: () => Promise<unknown>): void
  /** Applies settings that were changed in D1 to this isolate at once; the other isolates follow within 30 seconds. */
  settingsChanged(): Promise<void>
  /** Null in a job, and before the caller is authenticated. */
  readonly caller: Caller | null
}

/** A context with an authenticated caller. */
export interface CallerContext extends Context {
  readonly caller: Caller
}

export function createContext(
  env: Bindings,
  operationID: string,
  afterReply = new AfterReply(),
  publicURL = '',
  clientIP = '',
): Context {
  const config = configOf(env)
  return {
    operationID,
    config,
    db: openDatabase(env.DB),
    files: config.s3 ? openS3Store(config.s3) : openR2Store(env.FILES),
    images: openImageService(env.IMAGES),
    log: createLog(config.logLevel, { operationID }),
    publicURL,
    clientIP,
    mailBinding: env.EMAIL ?? null,
    now: () => Date.now(),
    user: (userID) => userObject(env, userID),
    conversation: (conversationID) => conversationObject(env, conversationID),
    enqueue: async (job) => {
      await env.TRANSFER_QUEUE.send(job)
    },
    webhooks: new WebhookQueue(env.WEBHOOK_QUEUE),
    afterReply: (task) => afterReply.add(task),
    settingsChanged: () => readOverrides(env),
    caller: null,
  }
}

/** @throws ImError 1002 unless the caller is that user or an administrator */
export function requireSelfOrAdmin(ctx: CallerContext, userID: string): void {
  if (ctx.caller.isAdmin || ctx.caller.userID === userID) return
  throw ImError.noPermission(`user ${ctx.caller.userID} may not act for user ${userID}`)
}
