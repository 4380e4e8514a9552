import WebSocket, { WebSocketServer } from 'ws'
import type { Server } from './server.ts'

/** A way to the gateway on which answers can get lost, as on a phone in a tunnel. */
export interface LossyLine {
  /** To be given to an SDK in place of the server's own address. */
  wsUrl: string
  /** From now on the server hears the clients, but they do not hear the server. */
  goDeaf(): void
  /** Ends every connection, after which the line is a good one again. */
  cut(): void
  /** Ends every connection, and lets nobody connect before it recovers. */
  goDead(): void
  recover(): void
  stop(): Promise<void>
}

export async function startLossyLine(target: Pick<Server, 'wsUrl'>): Promise<LossyLine> {
  let deaf = false
  let dead = false
  const front = new WebSocketServer({
    ...{ host: '127.0.0.1', port: 0, perMessageDeflate: false },
    verifyClient: () => !dead,
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
      if (!deaf) client.send(data, { binary })
    })
    client.on('close', () => server.terminate())
    server.on('close', () => client.terminate())
    for (const end of [client, server]) end.on('error', () => {})
  })
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('the lossy line has no port')
  return {
    wsUrl: `ws://127.0.0.1:${address.port}`,
    goDeaf() {
      deaf = true
    },
    cut() {
      for (const client of front.clients) client.terminate()
      deaf = false
    },
    goDead() {
      dead = true
      for (const client of front.clients) client.terminate()
    },
    recover() {
      dead = false
    },
    async stop() {
      for (const client of front.clients) client.terminate()
      await new Promise((resolve) => front.close(resolve))
    },
  }
}
