import WebSocket, { WebSocketServer } from 'ws'
import type { Server } from './server.ts'

/** A proxy to the gateway that can lose answers, like a phone in a tunnel. */
export interface LossyLine {
  /** The address for an SDK, instead of the server's own. */
  wsUrl: string
  /** From now on, clients can send, but answers and pushes are lost. */
  loseAnswers(): void
  /** Closes every connection; new ones lose nothing. */
  cut(): void
  /** Closes every connection and accepts no new one until `recover`. */
  goDown(): void
  recover(): void
  stop(): Promise<void>
}

export async function startLossyLine(target: Pick<Server, 'wsUrl'>): Promise<LossyLine> {
  let isLosingAnswers = false
  let isDown = false
  const front = new WebSocketServer({
    ...{ host: '127.0.0.1', port: 0, perMessageDeflate: false },
    verifyClient: () => !isDown,
  })
  await new Promise((resolve) => front.once('listening', resolve))
  front.on('connection', (client, request) => {
    const server = new WebSocket(target.wsUrl + request.url, { perMessageDeflate: false })
    const opened = new Promise((resolve) => server.once('open', resolve))
    client.on('message', async (data, binary) => {
      await opened
      server.send(data, { binary })
    })
    server.on('message', (data, binary) => {
      if (!isLosingAnswers) client.send(data, { binary })
    })
    client.on('close', () => server.terminate())
    server.on('close', () => client.terminate())
    for (const end of [client, server]) end.on('error', () => {})
  })
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('the lossy line has no port')
  return {
    wsUrl: `ws://127.0.0.1:${address.port}`,
    loseAnswers() {
      isLosingAnswers = true
    },
    cut() {
      for (const client of front.clients) client.terminate()
      isLosingAnswers = false
    },
    goDown() {
      isDown = true
      for (const client of front.clients) client.terminate()
    },
    recover() {
      isDown = false
    },
    async stop() {
      for (const client of front.clients) client.terminate()
      await new Promise((resolve) => front.close(resolve))
    },
  }
}
