import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ContentType } from '../../../src/protocol/constants/content-type.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { groupChange, groupCreation, memberRecord } from '../../rigs/group-rig.ts'
import { conversation, Device, register, textMessage, until, user } from '../../rigs/rig.ts'
import { AppServer, GO_ON, REFUSE } from '../../rigs/webhook-rig.ts'

let app: AppServer
let alice: string
let bob: string
let carol: string
let groupID: string
let count = 0

beforeEach(async () => {
  const n = `${count++}cw`
  ;[alice, bob, carol] = [`alice${n}`, `bob${n}`, `carol${n}`]
  groupID = `g${n}`
  await register(alice, bob, carol)
  app = new AppServer()
  await app.inObjects({ beforeCreateGroupChatConversations: {}, afterCreateGroupChatConversations: {} })
})
afterEach(() => {
  app.leaveObjects()
  vi.restoreAllMocks()
})

const chat = () => `sg_${groupID}`
const createGroup = (...userIDs: string[]) => conversation(chat()).changeGroup(groupCreation(groupID, userIDs))
const listOf = async (userID: string) => user(userID).conversations(null)
const say = (device: Device, sendID: string, text: string) =>
  device.request(WsRequestID.SendMsg, textMessage(sendID, '', `${groupID} ${text}`, text, { sessionType: 3, groupID }))
const texts = (device: Device) => device.received().filter(({ msg }) => msg.contentType === ContentType.Text)

describe('a group conversation in the list of a member', () => {
  it('gets the settings that the before-webhook returned, with webhooks for each member', async () => {
    app.answer = ({ body }) => (body.ownerUserId === bob ? { ...GO_ON, isPinned: true, ex: 'set by the app' } : GO_ON)
    await createGroup(alice, bob)
    await expect.poll(() => listOf(bob)).toMatchObject([{ conversationID: chat(), groupID, isPinned: true }])
    await expect.poll(() => listOf(alice)).toMatchObject([{ conversationID: chat(), isPinned: false, ex: '' }])
    await until(() => app.queued.length === 2)
    const fields = {
      ...{ conversationId: chat(), conversationType: 3, groupId: groupID, recvMsgOpt: 0, isPinned: false },
      ...{ isPrivateChat: false, burnDuration: 0, groupAtType: 0, attachedInfo: '', ex: '' },
    }
    const of = (ownerUserId: string, settings = {}) => ({ ...fields, ownerUserId, ...settings })
    const inOrder = (bodies: unknown[]) =>
      bodies
        .map((body) => body as { ownerUserId: string; callbackCommand: string })
        .map(({ callbackCommand: _, ...body }) => body)
        .sort((a, b) => a.ownerUserId.localeCompare(b.ownerUserId))
    expect(inOrder(app.askedAs('beforeCreateGroupChatConversations'))).toEqual([of(alice), of(bob)])
    expect(inOrder(app.afterWebhooks('afterCreateGroupChatConversations'))).toEqual([
      of(alice),
      of(bob, { isPinned: true, ex: 'set by the app' }),
    ])
  })

  it('causes a before-webhook for a member who joins later', async () => {
    await createGroup(alice, bob)
    await expect.poll(() => listOf(bob)).toHaveLength(1)
    await conversation(chat()).changeGroup(groupChange(groupID, { join: [memberRecord(groupID, carol)] }))
    await expect.poll(() => listOf(carol)).toHaveLength(1)
    const owners = app.askedAs('beforeCreateGroupChatConversations').map(({ ownerUserId }) => ownerUserId)
    expect(owners.filter((userID) => userID === carol)).toHaveLength(1)
    expect(owners).toHaveLength(3)
  })

  it('is left out of the list when the app server refuses the entry, and its messages arrive', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    app.answer = ({ body }) => (body.ownerUserId === bob ? REFUSE : GO_ON)
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    await createGroup(alice, bob)
    expect((await say(a, alice, 'one')).errCode).toBe(0)
    expect((await say(a, alice, 'two')).errCode).toBe(0)
    await until(() => texts(b).length === 2)
    await expect.poll(() => listOf(alice)).toHaveLength(1)
    expect(await listOf(bob)).toEqual([])
    // One call, not one for each message.
    expect(app.askedAs('beforeCreateGroupChatConversations').filter((body) => body.ownerUserId === bob)).toHaveLength(1)
    expect(app.afterWebhooks('afterCreateGroupChatConversations')).toMatchObject([{ ownerUserId: alice }])
  })

  it('does not delay messages when the app server does not answer', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    app.answer = (_asked, signal) =>
      new Promise<Response>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    await createGroup(alice, bob)
    await say(a, alice, 'at once')
    await until(() => texts(b).length === 1)
    expect(await listOf(bob)).toEqual([])
  })
})
