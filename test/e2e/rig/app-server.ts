import { createHmac } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One webhook call as it arrived. */
export interface Call {
  command: string
  path: string
  query: URLSearchParams
  eventID: string
  operationID: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the body holds
  body: any
}

type Answer = (call: Call, response: ServerResponse) => object | undefined | Promise<object | undefined>

export const GO_ON = { actionCode: 0, nextCode: 0, errCode: 0, errMsg: '', errDlt: '' }

/** The app's own server: a plain HTTP server that checks every signature and gives the answers of the test. */
export class AppServer {
  readonly calls: Call[] = []
  /** Calls with a wrong or missing signature. */
  readonly forged: Call[] = []
  /** Requests that arrived through a redirect, which the service must not follow. */
  readonly redirected: string[] = []
  /** Returns the answer to send, or undefined when the test answers by itself or never. */
  answer: Answer = () => GO_ON
  readonly #secret: string
  readonly #server = createServer((request, response) => void this.#take(request, response))

  constructor(secret: string) {
    this.#secret = secret
  }

  static async start(secret: string): Promise<AppServer> {
    const app = new AppServer(secret)
    await new Promise<void>((resolve) => app.#server.listen(0, '127.0.0.1', resolve))
    return app
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  called(command: string): Call[] {
    return this.calls.filter((call) => call.command === command)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request.setEncoding('utf8')) text += chunk
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    if (request.method !== 'POST' || pathname === '/private') {
      this.redirected.push(`${request.method} ${pathname}`)
      response.end('the treasure')
      return
    }
    const header = (name: string) => String(request.headers[name] ?? '')
    const body = JSON.parse(text)
    const call: Call = {
      command: body.callbackCommand,
      path: pathname,
      query: searchParams,
      eventID: header('webhook-id'),
      operationID: header('operationid'),
      body,
    }
    const signed = `${call.eventID}.${header('webhook-timestamp')}.${text}`
    const mac = createHmac('sha256', this.#secret).update(signed).digest('base64')
    if (header('webhook-signature') !== `v1,${mac}`) this.forged.push(call)
    this.calls.push(call)
    const answer = await this.answer(call, response)
    if (answer) response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  }
}
