import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import { encodeGobRequest } from '../../src/protocol/envelope/gob.ts'
import { gzip } from '../../src/protocol/envelope/gzip.ts'
import { GetMaxSeqReq, PullMessageBySeqsReq } from '../../src/protocol/proto/index.ts'
import { Canaries } from '../rigs/canaries.ts'
import { expectHolds, LONG_SECONDS } from '../rigs/generated.ts'
import { damaged } from '../rigs/mutations.ts'
import { Device, register, request, type SdkKind, textMessage, userToken } from '../rigs/rig.ts'
import { AppServer } from '../rigs/webhook-rig.ts'
import seeds from '../vectors/fuzz-seeds.json'
import { DOORS, type Door, webhookAnswers } from './fuzz-doors.ts'

/*
 * Damaged inputs at every door of the service: each is refused with a named error, or means the same after it was
 * encoded again. No input leads to an internal error or stops an answer, and two users keep talking meanwhile.
 */

let canaries: Canaries

beforeAll(async () => {
  await register('mallory', 'bob')
  canaries = await Canaries.start()
})

afterAll(async () => {
  const { sent, slowestMs } = await canaries.stop()
  if (LONG_SECONDS > 0) console.log(`canaries: ${sent} messages, the slowest took ${slowestMs} ms`)
})

/** Inputs that once found a fault, as Base64, by the name of their door. */
const SEEDS: Readonly<Record<string, readonly { fault: string; input: string }[]>> = seeds

/** Lets the canaries talk, because decoders do not wait for anything. */
const breathe = () => new Promise((resolve) => setTimeout(resolve, 0))

async function attack(name: string, { valid, check }: Door, runs: number): Promise<void> {
  let count = 0
  const tryOne = async (input: Uint8Array<ArrayBuffer>) => {
    if (++count % 50 === 0) await breathe()
    try {
      await check(input)
    } catch (cause) {
      const seed = Buffer.from(input).toString('base64')
      throw new Error(`${name}: ${(cause as Error).message}; seed: ${seed.slice(0, 4_000)}`, { cause })
    }
  }
  for (const { input } of SEEDS[name] ?? []) await tryOne(Uint8Array.from(Buffer.from(input, 'base64')))
  await expectHolds(fc.asyncProperty(damaged(valid), tryOne), { runs })
  if (LONG_SECONDS > 0) console.log(`${name}: ${count} inputs`)
}

describe('the list of seeds', () => {
  it('names doors that exist', () => {
    const doors = [
      ...Object.keys(DOORS),
      'a webhook answer',
      'a js socket',
      'a go socket',
      'a REST body',
      'a payload on a socket',
    ]
    expect(Object.keys(SEEDS).filter((name) => !doors.includes(name))).toEqual([])
  })
})

describe('a damaged input', () => {
  it.each(Object.entries(DOORS))('is refused by name or keeps its meaning: %s', async (name, door) => {
    await attack(name, door, 300)
  })

  it('is refused by name or keeps its meaning: a webhook answer', async () => {
    const app = new AppServer()
    try {
      await attack('a webhook answer', webhookAnswers(app), 150)
    } finally {
      vi.restoreAllMocks()
    }
  })

  it.each(['js', 'go'] as const)('gets an answer or ends its connection: a frame on a %s socket', async (kind) => {
    let device = await connected(kind)
    const check = async (frame: Uint8Array<ArrayBuffer>) => {
      // The door of gzip has damaged members; here the damage is inside.
      device.sendRaw(kind === 'go' ? gzip(frame) : frame)
      const isOpen = await Promise.race([probe(device), device.closed.then(() => false), timeout()])
      if (isOpen) return
      const { code, reason } = await device.closed
      expect([1000, 1008, 1009]).toContain(code)
      expect(reason).not.toMatch(/^500|Error:/)
      device = await connected(kind)
    }
    await attack(`a ${kind} socket`, { valid: VALID_FRAMES[kind], check }, 25)
    device.close()
  })

  it('is never answered with an internal error: a payload on a socket', async () => {
    const device = await Device.connect('mallory', { platformID: 3 })
    const check = async (payload: Uint8Array<ArrayBuffer>) => {
      for (const reqIdentifier of PAYLOADS) {
        const { errCode } = await Promise.race([device.request(reqIdentifier, payload), timeout()])
        expect([reqIdentifier, errCode === 0 || errCode > 1_000]).toEqual([reqIdentifier, true])
      }
    }
    const pull = {
      userID: 'mallory',
      seqRanges: [{ conversationID: 'si_bob_mallory', begin: 1, end: 9, num: 9 }],
    }
    const valid = [
      ...REQUESTS.map(({ data }) => data),
      PullMessageBySeqsReq.encode(PullMessageBySeqsReq.fromPartial(pull)).finish(),
    ]
    await attack('a payload on a socket', { valid, check }, 30)
    device.close()
  })

  it('is never answered with an internal error: a REST body', async () => {
    const token = await userToken('mallory', 2)
    const check = async (input: Uint8Array<ArrayBuffer>) => {
      for (const path of pathsOf(input)) {
        const answer = await Promise.race([call(path, input, token), timeout()])
        expect(answer.status).toBeLessThan(500)
        const { errCode } = (await answer.json()) as { errCode: number }
        expect([path, errCode === 0 || errCode > 1_000]).toEqual([path, true])
      }
    }
    const valid = Object.values(BODIES).map((body) => bytesOf(JSON.stringify(body)))
    await attack('a REST body', { valid, check }, 30)
  })
})

async function connected(kind: SdkKind): Promise<Device> {
  const device = await Device.connect('mallory', { kind, platformID: kind === 'js' ? 5 : 1 })
  await device.handshake()
  return device
}

/** A good request after the bad frame; an answer shows that the connection is open and in order. */
async function probe(device: Device): Promise<boolean> {
  const { errCode } = await device.request(
    WsRequestID.GetNewestSeq,
    GetMaxSeqReq.encode({ userID: 'mallory' }).finish(),
  )
  expect(errCode).toBe(0)
  return true
}

const TIMEOUT_MS = 10_000

function timeout(): Promise<never> {
  return new Promise((_, reject) => setTimeout(() => reject(new Error('no answer arrived')), TIMEOUT_MS))
}

const bytesOf = (text: string) => new TextEncoder().encode(text)

const REQUESTS = [
  { reqIdentifier: WsRequestID.SendMsg, data: textMessage('mallory', 'bob', 'fuzzed', 'hello', { ex: 'x' }) },
  { reqIdentifier: WsRequestID.GetNewestSeq, data: GetMaxSeqReq.encode({ userID: 'mallory' }).finish() },
].map((given) => ({ ...given, token: '', sendID: 'mallory', operationID: 'op', msgIncr: 'fuzzed_1' }))

/** Requests that do not end the session. */
const PAYLOADS = [
  ...[WsRequestID.GetNewestSeq, WsRequestID.PullMsgByRange, WsRequestID.SendMsg, WsRequestID.PullMsgBySeqList],
  ...[WsRequestID.GetConvMaxReadSeq, WsRequestID.PullConvLastMessage, WsRequestID.SetBackgroundStatus],
  WsRequestID.SubUserOnlineStatus,
]

const VALID_FRAMES: Readonly<Record<SdkKind, Uint8Array[]>> = {
  js: REQUESTS.map((sent) => bytesOf(JSON.stringify({ ...sent, data: sent.data.toBase64() }))),
  go: REQUESTS.map((sent) => encodeGobRequest(sent)),
}

const page = { pageNumber: 1, showNumber: 10 }
const self = { userID: 'mallory' }

/** Calls that mallory may make about herself, and calls that need no token. */
const BODIES: Readonly<Record<string, object>> = {
  '/auth/parse_token': { token: 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA' },
  '/user/update_user_info_ex': { userInfo: { ...self, nickname: 'M', ex: 'x', faceURL: 'f' } },
  '/user/process_user_command_add': { ...self, type: 3, uuid: 'u', value: 'v' },
  '/user/get_users_info': { userIDs: ['mallory', 'bob'] },
  '/friend/add_friend': { fromUserID: 'mallory', toUserID: 'bob', reqMsg: 'hello' },
  '/friend/get_friend_list': { ...self, pagination: page },
  '/friend/get_incremental_friends': { ...self, versionID: '0123456789abcdef01234567', version: 1 },
  '/group/create_group': {
    ownerUserID: 'mallory',
    memberUserIDs: ['bob'],
    groupInfo: { groupName: 'G', groupType: 2 },
  },
  '/group/get_full_join_group_ids': { ...self, idHash: 12345678901234567000 },
  '/conversation/set_conversations': {
    ...{ userIDs: ['mallory'] },
    conversation: { conversationID: 'si_bob_mallory', conversationType: 1, userID: 'bob', ex: 'x', recvMsgOpt: 2 },
  },
  '/msg/pull_msg_by_seq': { ...self, seqRanges: [{ conversationID: 'si_bob_mallory', begin: 1, end: 9, num: 9 }] },
  '/jssdk/get_conversations': { ownerUserID: 'mallory', conversationIDs: ['si_bob_mallory'] },
  '/object/access_url': { name: 'mallory/a.txt', query: { type: 'image', width: '10' } },
  '/object/complete_form_data': { id: Buffer.from('{"uploadID":"1","name":"mallory/a"}').toString('base64url') },
  '/third/logs/upload': { platform: 2, version: '1', fileURLs: [{ filename: 'sdk.log', URL: 'https://x/sdk.log' }] },
  '/account/code/verify': { areaCode: '+86', phoneNumber: '13800000000', verifyCode: '666666' },
}

/** The paths of the bodies with most bytes in common at the begin: two calls for each damaged body. */
function pathsOf(input: Uint8Array): string[] {
  const text = Buffer.from(input).toString('latin1')
  const alike = ([, body]: [string, object]) => {
    const json = JSON.stringify(body)
    let count = 0
    while (count < json.length && json[count] === text[count]) count++
    return count
  }
  return Object.entries(BODIES)
    .sort((a, b) => alike(b) - alike(a))
    .slice(0, 2)
    .map(([path]) => path)
}

function call(path: string, body: Uint8Array<ArrayBuffer>, token: string): Promise<Response> {
  const headers = { operationID: 'op', token, 'content-type': 'application/json' }
  return request(path, { method: 'POST', headers, body })
}
