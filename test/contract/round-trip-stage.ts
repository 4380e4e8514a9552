import { createExecutionContext } from 'cloudflare:test'
import { vi } from 'vitest'
import type { Bindings } from '../../src/env.ts'
import { createApp } from '../../src/http/app.ts'
import { endpoints } from '../../src/http/endpoints.ts'
import { WsRequestID } from '../../src/protocol/constants/ws-request.ts'
import {
  type MsgData,
  PullMessageBySeqsReq,
  PullMessageBySeqsResp,
  SendMsgResp,
} from '../../src/protocol/proto/index.ts'
import { adminToken, Device, type ReplyBody, register, request, user, userToken } from '../rigs/rig.ts'
import { AppServer } from '../rigs/webhook-rig.ts'
import { FILE, initiateUpload, ok } from './world.ts'

/** Webhooks that carry texts, all on. */
const WORKER_HOOKS = [
  ...['beforeUserRegister', 'afterUserRegister', 'beforeUpdateUserInfo', 'afterUpdateUserInfo'],
  ...['beforeUpdateUserInfoEx', 'afterUpdateUserInfoEx', 'afterAddFriend', 'beforeAddFriend', 'beforeAddFriendAgree'],
  ...['afterAddFriendAgree', 'beforeSetFriendRemark', 'afterSetFriendRemark', 'beforeCreateGroup', 'afterCreateGroup'],
  ...['beforeInviteUserToGroup', 'beforeApplyJoinGroup', 'afterJoinGroup', 'afterKickGroupMember'],
  ...['beforeSetGroupInfo', 'afterSetGroupInfo', 'beforeSetGroupInfoEx', 'afterSetGroupInfoEx'],
  ...['beforeSetGroupMemberInfo', 'afterSetGroupMemberInfo', 'beforeSendSingleMsg', 'beforeSendGroupMsg'],
]
const OBJECT_HOOKS = ['beforeSendSingleMsg', 'afterSendSingleMsg', 'afterMsgSaveDB']

const on = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, {}]))

export const GROUP = 'roundtrip'

/**
 * Alice with a JSON device and bob with a gob device; both are friends and members of a group. Every call runs in a
 * Worker with all webhooks that carry texts.
 */
export class Stage {
  readonly app: AppServer
  alice: Device
  readonly bob: Device
  readonly bobToken: string
  readonly #env: Bindings
  #next = 0

  private constructor(app: AppServer, alice: Device, bob: Device, bobToken: string) {
    this.bobToken = bobToken
    this.app = app
    this.alice = alice
    this.bob = bob
    this.#env = app.env(on(WORKER_HOOKS))
  }

  static async open(): Promise<Stage> {
    await register('alice', 'bob', 'carol')
    const token = await userToken('bob')
    const [alice, bob] = [await Device.connect('alice'), await Device.connect('bob', { kind: 'go', token })]
    const stage = new Stage(new AppServer(), alice, bob, token)
    await stage.app.inObjects(on(OBJECT_HOOKS))
    await stage.ok('/friend/import_friend', { ownerUserID: 'alice', friendUserIDs: ['bob'] })
    await stage.ok('/group/create_group', {
      ...{ ownerUserID: 'alice', memberUserIDs: ['bob'], adminUserIDs: [] },
      groupInfo: { groupID: GROUP, groupName: 'Group', groupType: 2, needVerification: 1 },
    })
    await storeFile()
    await stage.ok('/msg/send_msg', { ...toBob, content: { content: 'hello' } })
    return stage
  }

  close(): void {
    this.app.leaveObjects()
    vi.restoreAllMocks()
  }

  /** Forgets the pushes and webhooks of earlier runs. */
  forget(): void {
    this.app.asked.length = 0
    this.app.queued.length = 0
    for (const device of [this.alice, this.bob]) device.pushes.length = 0
  }

  /** An ID that no earlier run has used. */
  fresh(prefix: string): string {
    return `${prefix}${this.#next++}`
  }

  /** The ID that \`fresh\` returned last. */
  last(prefix: string): string {
    return `${prefix}${this.#next - 1}`
  }

  /** Does not wait for the work after the reply: once in ten seconds, this work is a pause of ten seconds. */
  async call(path: string, body: object, token?: string): Promise<ReplyBody> {
    const headers = { operationID: 'op-1', token: token ?? (await adminToken()) }
    const sent = new Request(`http://127.0.0.1${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    return (await worker.fetch(sent, this.#env, createExecutionContext())).json()
  }

  async ok(path: string, body: object, token?: string): Promise<ReplyBody['data']> {
    const reply = await this.call(path, body, token)
    if (reply.errCode !== 0) throw new Error(`${path}: ${JSON.stringify(reply)}`)
    return reply.data
  }

  /** Sends a message over alice's socket, and returns an answer in the form of a REST call. */
  async send(message: Uint8Array): Promise<ReplyBody> {
    // A frame above the limit closes the connection with a reason.
    const answer = await Promise.race([this.alice.request(WsRequestID.SendMsg, message), this.alice.closed])
    if ('reason' in answer) {
      this.alice = await Device.connect('alice')
      return { errCode: Number.parseInt(answer.reason, 10), errMsg: '', errDlt: answer.reason }
    }
    const { errCode, errMsg, data } = answer
    const errDlt = errMsg.replace(/^\w+: /, '')
    return { errCode, errMsg, errDlt, data: errCode === 0 ? SendMsgResp.decode(data) : undefined }
  }

  /** The tips of the newest notification of this type. */
  notified(device: Device, contentType: number): unknown {
    const found = device.received().findLast(({ msg }) => msg.contentType === contentType)
    return found && JSON.parse(JSON.parse(textOf(found.msg.content)).detail)
  }

  /** The body of the newest request of a webhook, of either kind. */
  hooked(name: string): unknown {
    return this.app.afterWebhooks(name).at(-1) ?? this.app.askedAs(name as never).at(-1)
  }

  /** The newest message of the chat of alice and bob, pulled over bob's socket. */
  async pulled(): Promise<MsgData | undefined> {
    const end = await this.newest()
    const seqRanges = [{ conversationID: CHAT, begin: end, end, num: 1 }]
    const request = PullMessageBySeqsReq.encode({ userID: 'bob', seqRanges, order: 0 }).finish()
    const { data } = await this.bob.request(WsRequestID.PullMsgByRange, request)
    return PullMessageBySeqsResp.decode(data).msgs[CHAT]?.Msgs.at(-1)
  }

  async newest(): Promise<number> {
    return (await user('bob').seqViews([CHAT]))[0]?.maxSeq ?? 0
  }
}

async function storeFile(): Promise<void> {
  const { upload } = await ok('/object/initiate_multipart_upload', await initiateUpload('imAdmin/stored.txt'))
  for (const part of upload.sign.parts)
    await request(new URL(part.url).pathname + new URL(part.url).search, { method: 'PUT', body: FILE })
  const md5 = Buffer.from(await crypto.subtle.digest('MD5', FILE)).toString('hex')
  await ok('/object/complete_multipart_upload', {
    ...{
      uploadID: upload.uploadID,
      parts: [md5],
      name: 'imAdmin/stored.txt',
      contentType: 'text/plain',
      cause: 'test',
    },
  })
}

const worker = createApp(endpoints)

export const CHAT = 'si_alice_bob'

/** The fields of every message from alice to bob. */
export const toBob = { sendID: 'alice', recvID: 'bob', contentType: 101, sessionType: 1 }

export const textOf = (bytes: Uint8Array) => new TextDecoder('utf-8', { fatal: false, ignoreBOM: true }).decode(bytes)
