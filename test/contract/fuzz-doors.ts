import { expect } from 'vitest'
import { configOf } from '../../src/config/index.ts'
import { detectPictureType, HEAD_BYTES } from '../../src/features/file/detect-picture-type.ts'
import { fileURL, possibleNames, requireName } from '../../src/features/file/file-name.ts'
import { mediaTypeOf } from '../../src/features/file/media-type.ts'
import { readFileInForm } from '../../src/features/file/parse-form.ts'
import { parseRange } from '../../src/features/file/parse-range.ts'
import { createLog } from '../../src/platform/observability/log.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { FrameError } from '../../src/protocol/envelope/frame.ts'
import { decodeGobRequest, encodeGobRequest } from '../../src/protocol/envelope/gob.ts'
import { gunzip, gzip } from '../../src/protocol/envelope/gzip.ts'
import { MAX_INFLATED_BYTES, type WsRequest } from '../../src/protocol/envelope/index.ts'
import { decodeJsonRequest } from '../../src/protocol/envelope/json.ts'
import { ImError } from '../../src/protocol/errors.ts'
import { type Codec, decodePayload } from '../../src/protocol/proto/decode.ts'
import {
  GetSeqMessageReq,
  MsgData,
  PullMessageBySeqsReq,
  SetAppBackgroundStatusReq,
  SubUserOnlineStatus,
} from '../../src/protocol/proto/index.ts'
import { readMessage } from '../../src/protocol/read-message.ts'
import type { CallerContext } from '../../src/runtime/context.ts'
import { signToken, verifyToken } from '../../src/runtime/jwt.ts'
import { callBeforeWebhook } from '../../src/webhook/before.ts'
import { textMessage } from '../rigs/rig.ts'
import type { AppServer } from '../rigs/webhook-rig.ts'

/** A decoder of bytes from outside. */
export interface Door {
  /** Valid inputs, of which damaged copies are made. */
  valid: readonly Uint8Array[]
  /** Fails when the decoder throws an error without a name, or returns a value that does not encode to an equal value. */
  check(input: Uint8Array<ArrayBuffer>): void | Promise<void>
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1')

const REQUEST: WsRequest = {
  ...{ reqIdentifier: WsRequestID.SendMsg, token: 'token', sendID: 'mallory', operationID: 'op', msgIncr: 'mallory_1' },
  data: textMessage('mallory', 'bob', 'message-1', 'Grüße \u{1f44b}', { ex: 'ex', atUserIDList: ['bob', 'carol'] }),
}

/** Returns the decoded value, or null when the decoder refuses the input with an error of this class. */
function decoded<Value>(decode: () => Value, refusal: new (...args: never[]) => Error): Value | null {
  try {
    return decode()
  } catch (error) {
    expect(error).toBeInstanceOf(refusal)
    expect((error as Error).message).toMatch(/.{8,}/)
    return null
  }
}

const jsonOf = (request: WsRequest) => bytesOf(JSON.stringify({ ...request, data: request.data.toBase64() }))

/** A decoder of frames, with its encoder. */
const frames = (decode: (frame: Uint8Array) => WsRequest, encode: (request: WsRequest) => Uint8Array): Door => ({
  valid: [encode(REQUEST), encode({ ...REQUEST, data: new Uint8Array(), token: '', reqIdentifier: -1 })],
  check(input) {
    const request = decoded(() => decode(input), FrameError)
    if (request) expect(decode(encode(request))).toEqual(request)
  },
})

function payloads<Message>(codec: Codec<Message>, ...valid: Message[]): Door {
  return {
    valid: valid.map((message) => codec.encode(message).finish()),
    check(input) {
      const message = decoded(() => decodePayload(codec, input), ImError)
      if (message) expect(decodePayload(codec, codec.encode(message).finish())).toEqual(message)
    },
  }
}

const BOUNDARY = 'the-boundary'
const FILE = bytesOf('bytes of the file\r\n--not the boundary')
const formOf = (file: Uint8Array) =>
  Buffer.concat([
    bytesOf(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="key"\r\n\r\nvalue\r\n`),
    bytesOf(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n`),
    ...[file, bytesOf(`\r\n--${BOUNDARY}--\r\n`)],
  ])

/** The file in a form that arrives in chunks of this size; null when the form is refused. */
async function fileIn(form: Uint8Array, chunk: number): Promise<Uint8Array | null> {
  const chunks = Array.from({ length: Math.ceil(form.length / chunk) }, (_, i) =>
    form.slice(i * chunk, (i + 1) * chunk),
  )
  try {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const part of chunks) controller.enqueue(part)
        controller.close()
      },
    })
    const file = await readFileInForm(body, `multipart/form-data; boundary=${BOUNDARY}`, FILE.length)
    return new Uint8Array(await new Response(file).arrayBuffer())
  } catch (error) {
    expect(error).toBeInstanceOf(ImError)
    return null
  }
}

const SECRET = 'the secret'
const NOW = Date.now()
const { token: TOKEN, claims: CLAIMS } = await signToken(
  { userID: 'mallory', platformID: 5 },
  { secret: SECRET, now: NOW, expireSeconds: 600 },
)

const caller = { userID: 'mallory', isAdmin: false } as CallerContext['caller']
const files = { caller, publicURL: 'https://im.example' } as CallerContext

export const DOORS: Readonly<Record<string, Door>> = {
  'a gob frame': frames(decodeGobRequest, encodeGobRequest),
  'a JSON frame': frames(decodeJsonRequest, jsonOf),

  'a gzip member': {
    valid: [gzip(encodeGobRequest(REQUEST)), gzip(new Uint8Array(4_000)), gzip(new Uint8Array(3 * MAX_INFLATED_BYTES))],
    check(input) {
      const inflated = decoded(() => gunzip(input, MAX_INFLATED_BYTES), FrameError)
      if (!inflated) return
      expect(inflated.length).toBeLessThanOrEqual(MAX_INFLATED_BYTES)
      expect(Buffer.compare(gunzip(gzip(inflated), MAX_INFLATED_BYTES), inflated)).toBe(0)
    },
  },

  'a message': {
    valid: [
      REQUEST.data,
      textMessage('mallory', '', 'm', 'x', { groupID: 'g', sessionType: 3, options: { history: false } }),
    ],
    check(input) {
      const read = decoded(() => readMessage(input), ImError)
      if (!read) return
      expect(MsgData.decode(MsgData.encode(read.msg).finish())).toEqual(read.msg)
      // Bytes that are forwarded must mean the same to every other codec.
      if (read.bytes) expect(decodePayload(MsgData, read.bytes)).toEqual(read.msg)
    },
  },
  'a pull request': payloads(PullMessageBySeqsReq, {
    ...{ userID: 'mallory', order: 1 },
    seqRanges: [{ conversationID: 'si_alice_bob', begin: 1, end: 300, num: 20 }],
  }),
  'a request for seqs': payloads(GetSeqMessageReq, {
    ...{ userID: 'mallory', order: 0 },
    conversations: [{ conversationID: 'si_alice_bob', seqs: [1, 2, 300] }],
  }),
  'a presence subscription': payloads(SubUserOnlineStatus, {
    subscribeUserID: ['bob', 'carol'],
    unsubscribeUserID: ['dave'],
  }),
  'a background status': payloads(SetAppBackgroundStatusReq, { userID: 'mallory', isBackground: true }),

  'a token': {
    valid: [
      bytesOf(TOKEN),
      bytesOf(TOKEN.replace(/\.[^.]*$/, '.')),
      bytesOf(`eyJhbGciOiJub25lIn0.${TOKEN.split('.')[1]}.`),
    ],
    async check(input) {
      const token = latin1(input)
      try {
        // The last character of a signature has unused bits; the user's object compares the whole signature.
        expect({ ...(await verifyToken(token, [SECRET], NOW)), key: '' }).toEqual({ ...CLAIMS, key: '' })
      } catch (error) {
        expect(error).toBeInstanceOf(ImError)
        expect([1501, 1503, 1504, 1505]).toContain((error as ImError).code)
      }
    },
  },

  'a form': {
    valid: [formOf(FILE), formOf(new Uint8Array(FILE.length)), formOf(bytesOf('shorter'))],
    async check(input) {
      const file = await fileIn(input, 1_000)
      expect(await fileIn(input, 7), 'the answer depends on the chunks').toEqual(file)
      if (!file) return
      expect(file.length).toBe(FILE.length)
      expect(await fileIn(formOf(file), 1_000)).toEqual(file)
    },
  },

  'the head of a picture': {
    valid: [
      ...['\x89PNG\r\n\x1a\n\0\0\0\rIHDR', '\xff\xd8\xff\xe0\0\x10JFIF', 'GIF89a\x01\0\x01\0', 'BM\x46\0\0\0\0\0'],
      ...['RIFF\x24\0\0\0WEBPVP8 ', '\0\0\0\x20ftypavif', '\0\0\0\x18ftypheic'],
    ].map((head) => Buffer.from(head, 'latin1')),
    check(input) {
      const type = detectPictureType(input.subarray(0, HEAD_BYTES))
      expect(type ?? 'image/none').toMatch(/^image\/\w+$/)
    },
  },
  'a content type and a name': {
    valid: [
      'text/plain',
      'image/png; charset=utf-8',
      'jpg',
      'application/vnd.ms-excel',
      'a.tar.gz',
      'a.constructor',
    ].map(bytesOf),
    check(input) {
      const given = Buffer.from(input).toString()
      for (const file of [
        { contentType: given, name: 'a' },
        { contentType: '', name: given },
      ]) {
        const type = mediaTypeOf(file)
        expect(new Headers({ 'content-type': type }).get('content-type')).toBe(type)
        expect(type).toMatch(/^[\w.+-]+\/[\w.+-]+/)
      }
    },
  },
  'a file name': {
    valid: [
      'mallory/a b.txt',
      'mallory/über/\u{1f44b}.png',
      'mallory/100%.txt',
      'mallory/%2e%2e/x',
      'mallory/a?b#c',
    ].map(bytesOf),
    check(input) {
      const name = Buffer.from(input).toString()
      decoded(() => requireName(files, name), ImError)
      if (!isAccepted(name)) return
      const { pathname } = new URL(fileURL(files, name))
      expect(possibleNames(pathname.slice('/object/'.length))[0]).toBe(name)
    },
  },
  'a Range header': {
    valid: ['bytes=0-9', 'bytes=-5', 'bytes=7-', 'bytes=0-1,4-5', 'bytes=5-2'].map(bytesOf),
    check(input) {
      const range = parseRange(latin1(input), 10)
      if (range === null || range === 'unsatisfiable') return
      expect(range.offset).toBeGreaterThanOrEqual(0)
      expect(range.length).toBeGreaterThan(0)
      expect(range.offset + range.length).toBeLessThanOrEqual(10)
    },
  },
}

function isAccepted(name: string): boolean {
  try {
    requireName(files, name)
    return true
  } catch {
    return false
  }
}

const GO_ON = { actionCode: 0, nextCode: 0, errCode: 0, errMsg: '', errDlt: '' }
const ANSWERS = [
  {
    ...{
      ...GO_ON,
      content: '{"content":"other"}',
      senderNickname: 'N',
      ex: 'x',
      options: { history: true },
      status: 1,
    },
    ...{ offlinePushInfo: { title: 't', desc: 'd' }, atUserIDList: ['bob'] },
  },
  { ...GO_ON, actionCode: 0, nextCode: 1, errCode: 5001, errMsg: 'No', errDlt: 'not today' },
]

/** The answers of the app server to a before-webhook. */
export function webhookAnswers(app: AppServer): Door {
  const config = configOf(app.env({ beforeMsgModify: { failedContinue: false } }))
  const ctx = { operationID: 'op', config, log: createLog('error') }
  return {
    valid: ANSWERS.map((answer) => bytesOf(JSON.stringify(answer))),
    async check(input) {
      app.answer = () => new Response(input)
      try {
        const reply = await callBeforeWebhook(ctx as never, 'beforeMsgModify', {} as never)
        const json = JSON.stringify(reply)
        expect(json.isWellFormed() && !json.includes('\\u0000') && !/\\ud[89a-f]/i.test(json)).toBe(true)
        app.answer = () => new Response(json)
        expect(await callBeforeWebhook(ctx as never, 'beforeMsgModify', {} as never)).toEqual(reply)
      } catch (error) {
        if (!(error instanceof ImError)) throw error
        expect(error.code).not.toBe(500)
        expect(error.code).not.toBe(0)
      }
    },
  }
}
