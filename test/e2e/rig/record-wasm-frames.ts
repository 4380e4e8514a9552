/**
 * Records the frames that the unmodified wasm SDK sends, and the answers and pushes that it accepts:
 * `node test/e2e/rig/record-wasm-frames.ts` writes test/vectors/recorded-wasm-frames.json.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { received } from './client.ts'
import { RawClient, REQ } from './raw-client.ts'
import { openimCodec, type RecordedFrame, readGob, startRecorder } from './recorder.ts'
import { fresh, PLATFORM, rest } from './rest.ts'
import { startServer } from './server.ts'
import { BrowserRig, WasmClient } from './wasm-client.ts'

const OUTPUT = join(import.meta.dirname, '../../vectors/recorded-wasm-frames.json')

/** The recorded requests, with the names of their payloads if @openim/protocol has them. */
const REQUESTS: { id: number; request?: string; reply?: string }[] = [
  { id: REQ.newestSeq, reply: 'GetMaxSeqResp' },
  { id: REQ.readSeqs, request: 'GetConversationsHasReadAndMaxSeqReq', reply: 'GetConversationsHasReadAndMaxSeqResp' },
  { id: REQ.pullRange, request: 'PullMessageBySeqsReq', reply: 'PullMessageBySeqsResp' },
  { id: REQ.send, request: 'MsgData', reply: 'UserSendMsgResp' },
  { id: REQ.pullSeqs, request: 'GetSeqMessageReq', reply: 'GetSeqMessageResp' },
  { id: REQ.background },
  { id: REQ.logout },
]

const server = await startServer()
const browser = await BrowserRig.start()
const recorder = await startRecorder(server)
try {
  await playScene()
  const file = { origin: originOf(), frames: [...requests(), push(), kick()] }
  writeFileSync(OUTPUT, `${JSON.stringify(file, null, 2)}\n`)
  console.log(`${file.frames.length} frames written to ${OUTPUT}`)
} finally {
  await Promise.all([browser.stop(), recorder.stop()])
  await server.remove()
}

/** Bob receives waiting messages, reads back, answers, goes to the background, logs out and in, and is kicked. */
async function playScene(): Promise<void> {
  const backend = rest(server)
  const [aliceID, bobID] = [fresh('alice'), fresh('bob')]
  await backend.register(aliceID, bobID)
  const login = async (userID: string) => {
    const platformID = PLATFORM.web
    return { server, userID, platformID, token: await backend.userToken(userID, platformID) }
  }
  const alice = await RawClient.login(await login(aliceID))
  for (let i = 1; i <= 3; i++) await alice.deliverText(bobID, `waiting ${i}`)

  const throughRecorder = { ...(await login(bobID)), server: { url: server.url, wsUrl: recorder.wsUrl } }
  const bob = await WasmClient.login({ ...throughRecorder, browser })
  await bob.untilSynced()
  await bob.history(aliceID)
  await bob.sendText(aliceID, 'Grüße, 你好 👋')
  await alice.deliverText(bobID, 'pushed')
  await received(bob, 'pushed')
  await bob.call('setAppBackgroundStatus', true)
  await bob.call('setAppBackgroundStatus', false)
  await bob.logout()
  await bob.reopen(throughRecorder)
  await bob.waitFor('OnSyncServerFinish', ({ data }) => data === false)
  await backend.forceLogout(bobID, PLATFORM.web)
  await bob.waitFor('OnKickedOffline')
  await bob.close()
  await alice.close()
}

function requests(): object[] {
  return REQUESTS.map(({ id, request, reply }) => {
    const sent = recorder.frames.find((frame) => frame.from === 'client' && envelopeIn(frame).ReqIdentifier === id)
    if (!sent) throw new Error(`the SDK sent no ${id}`)
    const { MsgIncr } = envelopeIn(sent)
    const answer = recorder.frames.find((frame) => frame.from === 'server' && envelopeIn(frame).MsgIncr === MsgIncr)
    if (!answer) throw new Error(`the server did not answer ${id}`)
    return { reqIdentifier: id, sent: described(sent, request), accepted: described(answer, reply) }
  })
}

function push(): object {
  return { reqIdentifier: REQ.push, accepted: described(firstFromServer(REQ.push), 'PushMessages') }
}

function kick(): object {
  return { reqIdentifier: REQ.kick, accepted: described(firstFromServer(REQ.kick)) }
}

function firstFromServer(id: number): RecordedFrame {
  const frame = recorder.frames.find((found) => found.from === 'server' && envelopeIn(found).ReqIdentifier === id)
  if (!frame) throw new Error(`the server sent no ${id}`)
  return frame
}

/** Bytes in hex, as on the wire and after gunzip; fields by Go's names, without zero fields. */
function described({ bytes }: RecordedFrame, payloadType?: string): object {
  const gob = gunzipSync(bytes)
  const fields = readGob(gob)
  const data = fields.Data
  return {
    raw: bytes.toString('hex'),
    gob: gob.toString('hex'),
    fields: readable(fields),
    ...(payloadType ? { payloadType, payload: readable(payloadIn(payloadType, data)) } : {}),
  }
}

function payloadIn(type: string, data: unknown): object {
  return openimCodec(type).decode(data instanceof Uint8Array ? data : new Uint8Array())
}

/** Converts byte strings to hex, so that the file can be read and compared. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(readable)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, readable(part)]))
}

function envelopeIn({ bytes }: RecordedFrame) {
  return readGob(gunzipSync(bytes))
}

function originOf(): object {
  const require = createRequire(import.meta.url)
  const packageFile = join(require.resolve('@openim/wasm-client-sdk'), '../../package.json')
  const { name, version } = JSON.parse(readFileSync(packageFile, 'utf8')) as { name: string; version: string }
  return {
    sdk: `${name} ${version}, core v3.8.3-patch.10`,
    browser: `Chromium ${browser.version}`,
    recorded: new Date().toISOString().slice(0, 10),
    server: 'openim-edge, whose answers the SDK accepted',
    by: 'node test/e2e/rig/record-wasm-frames.ts',
    note: 'raw is the frame on the wire (gzip), gob its content; fields were read by the decoder of the recorder, payloads by @openim/protocol, which lacks the field order of GetSeqMessageReq',
  }
}
