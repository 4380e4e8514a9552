import { gunzipSync, gzipSync } from 'node:zlib'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import type { WsRequest, WsResponse } from '../../src/protocol/envelope/frame.ts'
import { decodeGobResponse, encodeGobRequest } from '../../src/protocol/envelope/gob.ts'
import { MsgData, PushMessages } from '../../src/protocol/proto/index.ts'
import type { Wire } from './wire.ts'

/** The envelope of an SDK: `json` for the JavaScript SDK, `gob` (with gzip) for every Go core. */
export type Dialect = 'json' | 'gob'

/** The platform of every client of the bench: a browser. */
export const PLATFORM_ID = 5

/** Each envelope has its own users and groups, so that both can be driven at the same time. */
export const userIDOf = (dialect: Dialect, user: number) => `${dialect}${user}`
export const groupIDOf = (dialect: Dialect, first: number, size: number) => `${dialect}_${first}_${size}`

/** A text of 200 bytes, as in the content of a text message. */
const CONTENT = new TextEncoder().encode(JSON.stringify({ content: 'a'.repeat(200) }))

/** OpenIM's protocol with real tokens. */
export function productWire(wsUrl: string, dialect: Dialect, tokens: ReadonlyMap<number, string>): Wire {
  const codec = dialect === 'json' ? json : gob
  return {
    echoes: true,
    greets: true,
    address: (user) => gatewayAddress(wsUrl, dialect, user, tokens.get(user) ?? ''),
    message(run, sender, count, target) {
      const msg = MsgData.fromPartial({
        sendID: userIDOf(dialect, sender),
        ...('user' in target
          ? { recvID: userIDOf(dialect, target.user), sessionType: 1 }
          : { groupID: groupIDOf(dialect, target.group.first, target.group.size), sessionType: 3 }),
        clientMsgID: messageIDOf(run, sender, count),
        senderPlatformID: PLATFORM_ID,
        senderNickname: userIDOf(dialect, sender),
        msgFrom: 100,
        contentType: 101,
        content: CONTENT,
        createTime: Date.now(),
        status: 1,
      })
      return codec.encode({
        reqIdentifier: WsRequestID.SendMsg,
        token: '',
        sendID: userIDOf(dialect, sender),
        operationID: `operation-${messageIDOf(run, sender, count)}`,
        msgIncr: `${run}_${count}`,
        data: MsgData.encode(msg).finish(),
      })
    },
    read(payload, run, sink) {
      const response = codec.decode(payload)
      if (response.errCode !== 0) throw new Error(`refused: ${response.errCode} ${response.errMsg}`)
      if (response.reqIdentifier === WsRequestID.SendMsg) {
        const [ofRun, count] = response.msgIncr.split('_').map(Number)
        if (ofRun !== run || count === undefined) throw new Error(`an answer to ${response.msgIncr} in run ${run}`)
        sink.acked(count)
      } else if (response.reqIdentifier === WsRequestID.PushMsg) {
        for (const [conversation, { Msgs }] of Object.entries(PushMessages.decode(response.data).msgs)) {
          for (const { clientMsgID, seq } of Msgs) {
            sink.arrived({ ...partsOf(clientMsgID, run), seq, conversation })
          }
        }
      } else {
        throw new Error(`an unexpected frame with reqIdentifier ${response.reqIdentifier} arrived`)
      }
    },
  }
}

function gatewayAddress(wsUrl: string, dialect: Dialect, user: number, token: string): string {
  const query = new URLSearchParams({
    sendID: userIDOf(dialect, user),
    token,
    platformID: String(PLATFORM_ID),
    operationID: `connect-${user}`,
    isBackground: 'false',
    isMsgResp: 'true',
    ...(dialect === 'json' ? { sdkType: 'js' } : { compression: 'gzip' }),
  })
  return `${wsUrl}/?${query}`
}

/** Encodes and decodes the frames of a connection on the client's side. */
export interface ClientCodec {
  encode(request: WsRequest): Uint8Array
  decode(payload: Buffer): WsResponse
}

const json: ClientCodec = {
  encode: (request) => Buffer.from(JSON.stringify({ ...request, data: Buffer.from(request.data).toString('base64') })),
  decode(payload) {
    const response = JSON.parse(payload.toString('latin1')) as Omit<WsResponse, 'data'> & { data: string | null }
    return { ...response, data: Buffer.from(response.data ?? '', 'base64') }
  },
}

const gob: ClientCodec = {
  encode: (request) => gzipSync(encodeGobRequest(request)),
  decode: (payload) => decodeGobResponse(gunzipSync(payload)),
}

export const codecOf = (dialect: Dialect): ClientCodec => (dialect === 'json' ? json : gob)

/** A clientMsgID of 32 characters, like the hashes of the SDKs. */
function messageIDOf(run: number, sender: number, count: number): string {
  return hex(run, 12) + hex(sender, 8) + hex(count, 12)
}

function partsOf(messageID: string, run: number): { sender: number; count: number } {
  if (messageID.slice(0, 12) !== hex(run, 12)) throw new Error(`message ${messageID} of an earlier run arrived`)
  return { sender: Number.parseInt(messageID.slice(12, 20), 16), count: Number.parseInt(messageID.slice(20), 16) }
}

const hex = (number: number, digits: number) => number.toString(16).padStart(digits, '0')
