import type { z } from 'zod'
import type { Config } from '../config/index.ts'
import type { PendingRestSend } from '../contracts/user.ts'
import type { CallerContext, Context } from './context.ts'

/** The callers of an endpoint: anyone, users with a token in force, or administrators. Handlers check finer rules. */
export type Access = 'public' | 'token' | 'admin'

/** How an endpoint of `/jssdk/*` reads and writes protobuf instead of JSON. */
export interface ProtobufForm<Req, Resp> {
  /** @throws ImError 1001 when the bytes are not that message */
  decode(bytes: Uint8Array): Req
  encode(response: Resp): Uint8Array
  /** The answer for a client that sends JSON, in which an absent message is null. */
  toJson(response: Resp): unknown
}

/** OpenIM: deviations of single calls from the common form. */
export interface Quirks {
  /** Query parameters that are validated as fields of the body. */
  query?: readonly string[]
  /** The operationID may be in the body instead of the header, as in OpenIM's older API. */
  operationIDInBody?: true
  /** The HTTP status of the answer to a body that is not valid, instead of 200. */
  badBodyStatus?: number
}

/** One REST call as a value, from which the router, the access tests and the API's documentation are made. */
export interface Endpoint {
  readonly path: string
  readonly access: Access
  readonly schema: z.ZodType
  readonly protobuf: ProtobufForm<unknown, unknown> | null
  readonly quirks?: Quirks
  /** The message that a request is about to send, if it is certain; recorded by the RPC that checks the token. */
  sendTarget?(config: Config, request: unknown): RestSendTarget | null
  handle(ctx: CallerContext, request: unknown): Promise<unknown>
}

/** The message that a call is about to send, as it is recorded. */
export type RestSendTarget = Omit<PendingRestSend, 'operationID'>

/** Declares a call that needs a token. A handler that resolves to undefined answers without `data`. */
export function post<S extends z.ZodType, Resp>(
  path: string,
  access: Exclude<Access, 'public'>,
  schema: S,
  handle: (ctx: CallerContext, request: z.output<S>) => Promise<Resp>,
  protobuf: ProtobufForm<z.input<S>, Resp> | null = null,
): Endpoint {
  return { path, access, schema, handle, protobuf } as Endpoint
}

/** Declares a call that needs no token. */
export function postPublic<S extends z.ZodType, Resp>(
  path: string,
  schema: S,
  handle: (ctx: Context, request: z.output<S>) => Promise<Resp>,
): Endpoint {
  return { path, access: 'public', schema, handle, protobuf: null } as Endpoint
}

/**
 * Makes an endpoint record its message before it sends it.
 * @param sendTarget takes the request as the endpoint's schema returns it
 */
export function withSendStatus(
  endpoint: Endpoint,
  sendTarget: (config: Config, request: never) => RestSendTarget | null,
): Endpoint {
  return { ...endpoint, sendTarget } as Endpoint
}

export function withQuirks(endpoint: Endpoint, quirks: Quirks): Endpoint {
  return { ...endpoint, quirks }
}
