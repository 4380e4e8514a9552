import { Agent, request as httpRequest } from 'node:http'
import type { Product } from '../contenders/contender.ts'
import { PLATFORM_ID, userIDOf } from '../wires/product-wire.ts'

/** A text that a backend sends in a user's name. */
const CONTENT = { content: 'a'.repeat(200) }

/** An app's backend that sends messages through `/msg/send_msg`, over connections that are kept. */
export class Backend {
  readonly #url: URL
  readonly #token: string
  readonly #agent: Agent

  static async of(product: Product, connections: number): Promise<Backend> {
    return new Backend(product, await product.rest.adminToken(), connections)
  }

  private constructor(product: Product, token: string, connections: number) {
    this.#url = new URL('/msg/send_msg', product.server.url)
    this.#token = token
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  /** @throws when the message is refused */
  send(from: number, to: number): Promise<void> {
    const body = JSON.stringify({
      sendID: userIDOf(from),
      recvID: userIDOf(to),
      senderPlatformID: PLATFORM_ID,
      sessionType: 1,
      contentType: 101,
      content: CONTENT,
    })
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      operationID: 'bench',
      token: this.#token,
    }
    return new Promise((resolve, reject) => {
      const request = httpRequest(this.#url, { method: 'POST', agent: this.#agent, headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.on('end', () => (text.startsWith('{"errCode":0,') ? resolve() : reject(new Error(text))))
      })
      request.on('error', reject)
      request.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }
}
