import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as it arrived at a vendor. */
export interface VendorCall {
  method: string
  path: string
  headers: IncomingHttpHeaders
  body: Buffer
}

export interface VendorReply {
  status: number
  body?: unknown
  headers?: Record<string, string>
}

/** The default answer of a vendor. */
type DefaultAnswer = (call: VendorCall) => VendorReply

/** The push vendors: a real HTTP server that records calls and answers as the vendors do. */
export class Vendors {
  readonly calls: VendorCall[] = []
  readonly #server: Server
  readonly #defaults: Record<string, DefaultAnswer>
  readonly #scripted: { matches: (call: VendorCall) => boolean; reply: VendorReply }[] = []

  /** @param defaults by the beginning of the path */
  static async start(defaults: Record<string, DefaultAnswer>): Promise<Vendors> {
    const vendors = new Vendors(defaults)
    await new Promise<void>((resolve) => vendors.#server.listen(0, '127.0.0.1', resolve))
    return vendors
  }

  private constructor(defaults: Record<string, DefaultAnswer>) {
    this.#defaults = defaults
    this.#server = createServer(async (request, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of request) chunks.push(chunk as Buffer)
      const call = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks),
      }
      this.calls.push(call)
      const { status, body, headers } = this.#replyTo(call)
      response.writeHead(status, { 'content-type': 'application/json', ...headers })
      response.end(body === undefined ? '' : JSON.stringify(body))
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Gives this answer to the next call that matches. */
  once(matches: (call: VendorCall) => boolean, reply: VendorReply): void {
    this.#scripted.push({ matches, reply })
  }

  /** The calls to a path that contain a text: a userID or a token with it. */
  to(path: string, text: string): VendorCall[] {
    return this.calls.filter((call) => call.path.startsWith(path) && mentions(call, text))
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }

  #replyTo(call: VendorCall): VendorReply {
    const i = this.#scripted.findIndex(({ matches }) => matches(call))
    const [scripted] = i >= 0 ? this.#scripted.splice(i, 1) : []
    if (scripted) return scripted.reply
    const defaults = Object.entries(this.#defaults).find(([path]) => call.path.startsWith(path))
    return defaults ? defaults[1](call) : { status: 404 }
  }
}

export function mentions({ path, body }: VendorCall, text: string): boolean {
  return decodeURIComponent(path).includes(text) || body.includes(text)
}

export function jsonOf(call: VendorCall | undefined) {
  if (!call) throw new Error('there was no such call')
  return JSON.parse(call.body.toString())
}
