import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A call as a vendor got it. */
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

/** How the vendor of a path answers when nothing else is said. */
type Usual = (call: VendorCall) => VendorReply

/** The push vendors' side: a real HTTP server that notes what it is sent and answers as the vendors do. */
export class Vendors {
  readonly calls: VendorCall[] = []
  readonly #server: Server
  readonly #usual: Record<string, Usual>
  readonly #scripted: { matches: (call: VendorCall) => boolean; reply: VendorReply }[] = []

  /** @param usual by the beginning of the path */
  static async start(usual: Record<string, Usual>): Promise<Vendors> {
    const vendors = new Vendors(usual)
    await new Promise<void>((resolve) => vendors.#server.listen(0, '127.0.0.1', resolve))
    return vendors
  }

  private constructor(usual: Record<string, Usual>) {
    this.#usual = usual
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

  /** Answers the next call that matches otherwise than usual. */
  once(matches: (call: VendorCall) => boolean, reply: VendorReply): void {
    this.#scripted.push({ matches, reply })
  }

  /** The calls to a path that mention a text: a userID, or a token that contains it. */
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
    const usual = Object.entries(this.#usual).find(([path]) => call.path.startsWith(path))
    return usual ? usual[1](call) : { status: 404 }
  }
}

export function mentions({ path, body }: VendorCall, text: string): boolean {
  return decodeURIComponent(path).includes(text) || body.includes(text)
}

export function jsonOf(call: VendorCall | undefined) {
  if (!call) throw new Error('there was no such call')
  return JSON.parse(call.body.toString())
}
