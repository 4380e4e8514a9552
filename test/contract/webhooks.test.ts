import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { parseConfig } from '../../src/config/index.ts'
import type { Bindings } from '../../src/env.ts'
import { applyBeforePushWebhook } from '../../src/jobs/apply-before-push-webhook.ts'
import { WEBHOOKS, type WebhookName } from '../../src/protocol/constants/webhook.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { packMessage } from '../../src/push/enqueue.ts'
import { createContext } from '../../src/runtime/context.ts'
import { BEFORE_REPLIES } from '../../src/webhook/commands.ts'
import { Device, type ReplyBody, register, userToken } from '../rigs/rig.ts'
import { AppServer, GO_ON, REFUSE } from '../rigs/webhook-rig.ts'
import { type Fields, HOOKS, type Kind } from './webhook-list.ts'

/*
 * Every webhook of OpenIM: it exists, it is called, its body is right, and the reply to a before-webhook takes effect.
 */

const names = Object.keys(HOOKS) as WebhookName[]
const beforeNames = names.filter((name) => WEBHOOKS[name]?.kind === 'before')

describe('the list of webhooks', () => {
  it('has the webhooks of OpenIM with their commands', () => {
    const commands = Object.fromEntries(names.map((name) => [name, HOOKS[name]?.command]))
    expect(Object.fromEntries(Object.entries(WEBHOOKS).map(([name, { command }]) => [name, command]))).toEqual(commands)
    expect(names).toHaveLength(52)
  })

  it('has the kind (before or after) and the failedContinue of each webhook as OpenIM configures them', () => {
    const all = { url: 'https://app.example', ...Object.fromEntries(names.map((name) => [name, { enable: true }])) }
    const { webhooks, refusal } = parseConfig({
      OPENIM_SECRET: 'a secret of our own, long enough',
      OPENIM_WEBHOOKS: JSON.stringify(all),
    })
    expect(refusal).toBeNull()
    for (const name of names) {
      const { failedContinue } = HOOKS[name] ?? {}
      expect(WEBHOOKS[name].kind, name).toBe(failedContinue === undefined ? 'after' : 'before')
      expect(webhooks[name]?.failedContinue, name).toBe(failedContinue ?? false)
    }
  })

  it('has the reply fields that OpenIM applies', () => {
    const verdict = ['actionCode', 'nextCode', 'errCode', 'errMsg', 'errDlt']
    for (const [name, schema] of Object.entries(BEFORE_REPLIES)) {
      const applied = Object.keys(schema.parse({})).filter((field) => !verdict.includes(field))
      expect(applied.sort(), name).toEqual([...(HOOKS[name]?.changes ?? [])].sort())
    }
    expect(Object.keys(BEFORE_REPLIES).sort()).toEqual([...beforeNames].sort())
  })
})

describe('a walk through all operations with webhooks', () => {
  const [anna, bert, cora, dora] = ['anna', 'bert', 'cora', 'dora'].map((name) => `${name}wl`) as [
    string,
    string,
    string,
    string,
  ]
  let app: AppServer
  let env: Bindings

  beforeEach(() => {
    app = new AppServer()
    const all = Object.fromEntries(names.map((name) => [name, {}]))
    env = app.env(all)
    return app.inObjects(all)
  })
  afterEach(() => {
    app.leaveObjects()
    vi.restoreAllMocks()
  })

  const bodiesOf = (name: WebhookName) =>
    WEBHOOKS[name].kind === 'before' ? app.askedAs(name) : app.afterWebhooks(name)

  /** Runs an operation that has before-webhooks: while the app server refuses it must fail, and then succeed. */
  const step = async (asked: WebhookName[], run: () => Promise<ReplyBody>): Promise<ReplyBody> => {
    for (const name of asked) {
      app.answer = ({ body }) => (body.callbackCommand === WEBHOOKS[name].command ? REFUSE : GO_ON)
      expect(await run(), name).toEqual({ errCode: 5001, errMsg: 'AppSaysNo', errDlt: 'not today' })
    }
    app.answer = () => GO_ON
    const reply = await run()
    expect(reply, asked.join()).toMatchObject({ errCode: 0 })
    return reply
  }
  const call = (path: string, body: object) => () => app.call(env, path, body)
  const by = (userID: string, path: string, body: object) => async () =>
    app.call(env, path, body, await userToken(userID, 3))

  it('calls every webhook with the body that OpenIM sends', async () => {
    await register(dora)
    const users = [anna, bert, cora].map((userID) => ({ userID, nickname: userID, faceURL: '' }))
    await step(['beforeUserRegister'], call('/user/user_register', { users }))
    const userInfo = { userID: anna, nickname: 'A' }
    await step(['beforeUpdateUserInfo'], call('/user/update_user_info', { userInfo }))
    await step(['beforeUpdateUserInfoEx'], call('/user/update_user_info_ex', { userInfo }))

    const [fromTo, owned] = [
      { fromUserID: anna, toUserID: bert },
      { ownerUserID: anna, friendUserID: bert },
    ]
    await step(['beforeAddFriend'], call('/friend/add_friend', { ...fromTo, reqMsg: 'hi' }))
    const answer = { ...fromTo, handleResult: 1, handleMsg: 'yes' }
    await step(['beforeAddFriendAgree'], call('/friend/add_friend_response', answer))
    await step(['beforeSetFriendRemark'], call('/friend/set_friend_remark', { ...owned, remark: 'Bertie' }))
    await step([], call('/friend/delete_friend', owned))
    const list = { ownerUserID: anna, friendUserIDs: [cora] }
    await step(['beforeImportFriends'], call('/friend/import_friend', list))
    await step(['beforeAddBlack'], call('/friend/add_black', { ownerUserID: anna, blackUserID: dora }))
    await step([], call('/friend/remove_black', { ownerUserID: anna, blackUserID: dora }))

    const creation = {
      ownerUserID: anna,
      memberUserIDs: [bert],
      groupInfo: { groupName: 'Walkers', groupType: 2, needVerification: 2 },
    }
    const created = await step(['beforeCreateGroup', 'beforeMemberJoinGroup'], call('/group/create_group', creation))
    const { groupID } = created.data.groupInfo
    const joining = { groupID, inviterUserID: cora, reqMessage: 'me too', joinSource: 3 }
    await step(['beforeApplyJoinGroup', 'beforeMemberJoinGroup'], by(cora, '/group/join_group', joining))
    await step([], by(cora, '/group/quit_group', { groupID, userID: cora }))
    const invitation = { groupID, invitedUserIDs: [cora, dora], reason: 'come' }
    await step(['beforeInviteUserToGroup', 'beforeMemberJoinGroup'], call('/group/invite_user_to_group', invitation))
    await step([], call('/group/kick_group', { groupID, kickedUserIDs: [dora], reason: 'go' }))
    const info = { groupID, groupName: 'Runners' }
    await step(['beforeSetGroupInfo'], call('/group/set_group_info', { groupInfoForSet: info }))
    await step(['beforeSetGroupInfoEx'], call('/group/set_group_info_ex', { ...info, groupName: 'Walkers' }))
    const members = [{ groupID, userID: bert, nickname: 'B' }]
    await step(['beforeSetGroupMemberInfo'], call('/group/set_group_member_info', { members }))
    await step([], call('/group/transfer_group', { groupID, oldOwnerUserID: anna, newOwnerUserID: bert }))

    const message = { sendID: anna, contentType: 101, content: { content: 'hello' }, senderPlatformID: 5 }
    const single = { ...message, sessionType: 1, recvID: bert }
    await step(['beforeSendSingleMsg', 'beforeMsgModify'], call('/msg/send_msg', single))
    const toGroup = { ...message, sessionType: 3, groupID }
    await step(['beforeSendGroupMsg', 'beforeMsgModify'], call('/msg/send_msg', toGroup))
    const read = { userID: bert, hasReadSeq: 1, seqs: [1] }
    await step([], call('/msg/mark_conversation_as_read', { ...read, conversationID: `si_${anna}_${bert}` }))
    await step([], call('/msg/mark_conversation_as_read', { ...read, conversationID: `sg_${groupID}` }))
    const { maxSeqs } = (await call('/msg/newest_seq', { userID: anna })()).data
    const chat = `si_${anna}_${bert}`
    await step([], call('/msg/revoke_msg', { conversationID: chat, userID: anna, seq: maxSeqs[chat] }))
    await step([], call('/group/dismiss_group', { groupID }))

    await Device.connect(anna)
    await step([], call('/auth/force_logout', { userID: anna, platformID: 5 }))

    const offlinePushInfo = { title: 't', desc: 'd', ex: '', iOSPushSound: '', iOSBadgeCount: true, signalInfo: '' }
    const msg = MsgData.encode(MsgData.fromPartial({ ...single, content: new Uint8Array(), offlinePushInfo })).finish()
    const packed = packMessage({ operationID: 'op-1', conversationID: 'si_x_y', home: 'si_x_y', msg })
    const job = { kind: 'ring' as const, ...packed, receivers: [{ userID: bert, badge: 1 }] }
    expect(await applyBeforePushWebhook(createContext(env, 'op-1'), job)).toMatchObject({ receivers: job.receivers })
    app.answer = () => REFUSE
    expect(await applyBeforePushWebhook(createContext(env, 'op-1'), job)).toBeNull()

    const missing = () => names.filter((name) => bodiesOf(name).length === 0)
    await expect.poll(missing).toEqual([])
    for (const name of names) {
      for (const body of bodiesOf(name)) {
        const { callbackCommand, ...fields } = body as Record<string, unknown>
        expect(callbackCommand, name).toBe(HOOKS[name]?.command)
        expect(problemsOf(fields, HOOKS[name]?.body ?? {}), `${name}: ${JSON.stringify(fields)}`).toEqual([])
      }
    }
    for (const { name, url } of app.queued) expect(url).toBe(`https://app.example/hooks/${HOOKS[name]?.command}`)
    for (const { url, body } of app.asked) expect(url.href).toBe(`https://app.example/hooks/${body.callbackCommand}`)
  }, 60_000)
})

/** The fields of a body that are unknown, missing or of the wrong kind. */
function problemsOf(body: Record<string, unknown>, fields: Fields): string[] {
  const unknown = Object.keys(body).filter((field) => !Object.hasOwn(fields, field))
  const wrong = Object.entries(fields).filter(([field, kind]) => !isKind(body[field], kind))
  return [...unknown.map((field) => `${field} is unknown`), ...wrong.map(([field]) => `${field} has the wrong kind`)]
}

function isKind(value: unknown, kind: Kind): boolean {
  if (typeof kind !== 'string') {
    return Array.isArray(value) && value.length > 0 && value.every((item) => problemsOf(item, kind[0]).length === 0)
  }
  if (kind.endsWith('?') && value === null) return true
  if (kind.endsWith('s')) {
    return Array.isArray(value) && value.every((item) => typeof item === kind.slice(0, -1))
  }
  return typeof value === kind.replace('?', '')
}
