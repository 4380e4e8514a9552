import { createRequire } from 'node:module'
import WebSocket, { WebSocketServer } from 'ws'
import type { Server } from './server.ts'

/** A binary frame that passed the recorder. */
export interface RecordedFrame {
  from: 'client' | 'server'
  bytes: Buffer
}

export interface Recorder {
  /** The address for an SDK, instead of the server's own. */
  wsUrl: string
  frames: readonly RecordedFrame[]
  stop(): Promise<void>
}

/** A proxy between an SDK and the gateway that forwards everything unchanged and keeps the binary frames. */
export async function startRecorder(target: Pick<Server, 'wsUrl'>): Promise<Recorder> {
  const frames: RecordedFrame[] = []
  const front = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await new Promise((resolve) => front.once('listening', resolve))
  front.on('connection', (client, request) => {
    const server = new WebSocket(target.wsUrl + request.url, { perMessageDeflate: false })
    const opened = new Promise((resolve) => server.once('open', resolve))
    join(client, server, opened, (bytes) => frames.push({ from: 'client', bytes }))
    join(server, client, opened, (bytes) => frames.push({ from: 'server', bytes }))
  })
  const address = front.address()
  if (address === null || typeof address === 'string') throw new Error('the recorder has no port')
  return {
    wsUrl: `ws://127.0.0.1:${address.port}`,
    frames,
    async stop() {
      for (const client of front.clients) client.terminate()
      await new Promise((resolve) => front.close(resolve))
    },
  }
}

function join(from: WebSocket, to: WebSocket, opened: Promise<unknown>, keep: (bytes: Buffer) => void): void {
  from.on('message', async (data, binary) => {
    const bytes = Buffer.from(data as Buffer)
    if (binary) keep(bytes)
    await opened
    to.send(bytes, { binary })
  })
  from.on('close', () => to.close())
  from.on('error', () => to.terminate())
}

type GobValue = number | string | Buffer

/**
 * Reads the one struct of a gob frame as Go's documentation describes it, without code of the product: the recorded
 * frames test the product's decoder, so they must not depend on it.
 */
export function readGob(frame: Buffer): Record<string, GobValue> {
  let at = 0
  const uint = (): number => {
    const first = frame.readUInt8(at++)
    if (first < 128) return first
    let value = 0
    for (let i = 256 - first; i > 0; i--) value = value * 256 + frame.readUInt8(at++)
    return value
  }
  const int = (): number => {
    const coded = uint()
    return coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2
  }
  const counted = (): Buffer => {
    const length = uint()
    at += length
    return frame.subarray(at - length, at)
  }
  const fields: { name: string; type: number }[] = []
  uint() // length of the definition
  int() // its negative id
  for (const expected of [3, 1, 1]) if (uint() !== expected) throw new Error('not a struct definition')
  counted() // name of the type
  uint()
  int() // the id again
  uint()
  uint() // field list
  for (let count = uint(); count > 0; count--) {
    uint()
    const name = counted().toString()
    uint()
    fields.push({ name, type: int() })
    uint()
  }
  uint()
  uint()
  uint() // length of the value
  int() // its id
  const value: Record<string, GobValue> = {}
  for (let index = -1, step = uint(); step !== 0; step = uint()) {
    index += step
    const field = fields[index]
    if (!field) throw new Error('a value without a field')
    if (field.type === 2) value[field.name] = int()
    else value[field.name] = field.type === 6 ? counted().toString() : Buffer.from(counted())
  }
  return value
}

interface PbCodec {
  decode(bytes: Uint8Array): object
}

/** OpenIM's own protobuf codecs, as its JS SDK uses them. */
export function openimCodec(name: string): PbCodec {
  const sdk = createRequire(import.meta.url).resolve('@openim/client-sdk')
  const { PbCoder } = createRequire(sdk)('@openim/protocol') as { PbCoder: Record<string, PbCodec> }
  const codec = PbCoder[name]
  if (!codec) throw new Error(`@openim/protocol has no ${name}`)
  return codec
}
