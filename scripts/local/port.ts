import { createServer } from 'node:net'
import { HOST, Refusal } from './settings.ts'

/** @throws Refusal when no server could listen on the port; port 0 is always allowed */
export async function requireFreePort(port: number): Promise<void> {
  if (port !== 0) await listenOnce(port)
}

/** Finds a free port, for servers that cannot choose one themselves. */
export function findFreePort(): Promise<number> {
  return listenOnce(0)
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', (error: NodeJS.ErrnoException) => reject(new Refusal(explain(port, error))))
    probe.listen({ port, host: HOST, exclusive: true }, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}

function explain(port: number, error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') {
    return `Port ${port} is in use by another program. Stop that program, or choose another port with PORT=${port + 1}.`
  }
  if (error.code === 'EACCES') return `Port ${port} needs special rights. Choose a port above 1023, like PORT=8787.`
  return `Port ${port} cannot be used: ${error.message}`
}
