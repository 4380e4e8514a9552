import type { z } from 'zod'
import type { Config } from '../config/index.ts'
import type { PendingRestSend } from '../contracts/user.ts'
import type { CallerContext, Context } from './context.ts'

/** Who may call: anyone, whoever has a token in force, or administrators only. Finer rules are the verb's own. */
export type Access = 'public' | 'token' | 'admin'

/** How `/jssdk/*` speaks to a client that sends protobuf instead of JSON. */
export interface ProtobufForm<Req, Resp> {
  /** @throws ImError 1001 when the bytes are not that message */
  decode(bytes: Uint8Array): Req
  encode(response: Resp): Uint8Array
  /** The same answer for a client that sends JSON, where an absent message is null. */
  toJson(response: Resp): unknown
}

/** Where a call leaves the common form, as OpenIM's own does. */
export interface Quirks {
  /** Parameters of the address that are read and validated as if they were fields of the body. */
  query?: readonly string[]
  /** The operationID may stand in the body instead of the header, as in OpenIM's older API. */
  operationIDInBody?: true
  /** The HTTP status that goes with a body which is not acceptable, instead of 200. */
  badBodyStatus?: number
}

/** One REST call as a value: the router, the access sweep and the documentation all read these. */
export interface Endpoint {
  readonly path: string
  readonly access: Access
  readonly schema: z.ZodType
  readonly protobuf: ProtobufForm<unknown, unknown> | null
  readonly quirks?: Quirks
  /** The message that a request is about to send, where that is certain: it is noted with the look at the token. */
  sendTarget?(config: Config, request: unknown): RestSendTarget | null
  handle(ctx: CallerContext, request: unknown): Promise<unknown>
}

/** What is noted of a call that is about to send a message. */
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

/** Has the message of a call noted before the call sends it. @param begins takes what the endpoint's schema lets through */
export function withSendStatus(
  endpoint: Endpoint,
  begins: (config: Config, request: never) => RestSendTarget | null,
): Endpoint {
  return { ...endpoint, sendTarget: begins } as Endpoint
}

export function withQuirks(endpoint: Endpoint, quirks: Quirks): Endpoint {
  return { ...endpoint, quirks }
}
