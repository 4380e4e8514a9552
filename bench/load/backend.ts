import { Agent, request as httpRequest } from 'node:http'
import type { Contender, Product, Speaker } from '../contenders/contender.ts'
import { PLATFORM_ID } from '../wires/product-wire.ts'

/** Sends a POST over a keep-alive connection, and returns the text of the answer. */
export function post(
  url: URL,
  agent: Agent,
  headers: Record<string, string>,
  body: string | Uint8Array,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const length = { 'content-length': Buffer.byteLength(body) }
    const request = httpRequest(url, { method: 'POST', agent, headers: { ...headers, ...length } }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      response.on('end', () => resolve(text))
    })
    request.on('error', reject)
    request.end(body)
  })
}

/** The content of a text message that an app server sends in a user's name. */
const CONTENT = { content: 'a'.repeat(200) }

/** An app server that sends messages through `/msg/send_msg`, over keep-alive connections. */
export class Backend {
  readonly #userID: (user: number) => string
  readonly #url: URL
  readonly #token: string
  readonly #agent: Agent
  #calls = 0

  static async of(product: Product, connections: number): Promise<Backend> {
    return new Backend(product, await product.rest.adminToken(), connections)
  }

  constructor({ server, userID }: Contender & Speaker, token: string, connections: number) {
    this.#userID = userID
    this.#url = new URL('/msg/send_msg', server.url)
    this.#token = token
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /**
   * @returns the answer's text
   * @throws when the message is refused
   */
  send(from: number, to: number): Promise<string> {
    const body = JSON.stringify({
      sendID: this.#userID(from),
      recvID: this.#userID(to),
      senderPlatformID: PLATFORM_ID,
      sessionType: 1,
      contentType: 101,
      content: CONTENT,
    })
    const operationID = `bench-${this.#calls++}`
    const headers = { 'content-type': 'application/json', operationID, token: this.#token }
    return post(this.#url, this.#agent, headers, body).then((text) => {
      if (!text.startsWith('{"errCode":0,')) throw new Error(text)
      return text
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
