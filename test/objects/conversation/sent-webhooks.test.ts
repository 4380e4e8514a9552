import { abortAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { RECOVERY_DELAY_MS } from '../../../src/objects/conversation/delivery/recovery-alarm.ts'
import { stampMessage } from '../../../src/protocol/push-messages.ts'
import { appendItem, bindings, conversation, Device, register, textMessage, until } from '../../rigs/rig.ts'
import { AppServer } from '../../rigs/webhook-rig.ts'

let app: AppServer
let alice: string
let bob: string
let count = 0

beforeEach(async () => {
  const n = `${count++}sw`
  ;[alice, bob] = [`alice${n}`, `bob${n}`]
  await register(alice, bob)
  app = new AppServer()
  await app.inObjects({ afterSendSingleMsg: {}, afterMsgSaveDB: {} })
})
afterEach(() => {
  app.leaveObjects()
  vi.restoreAllMocks()
})

const chat = () => `si_${alice}_${bob}`
const stub = () => bindings.CONVERSATION.getByName(chat())
const append = (clientMsgID: string) =>
  conversation(chat()).append([appendItem({ sendID: alice, recvID: bob, clientMsgID })])
const messageIDsIn = (name: string) =>
  app.afterWebhooks(name).map((body) => (body as { clientMsgID: string }).clientMsgID)

/** Leaves the conversation in the state of a crash right after a commit: the message and its alarm are stored. */
async function storeWithoutWebhook(clientMsgID: string): Promise<void> {
  await runInDurableObject(stub(), async (_object, state) => {
    const { sql } = state.storage
    const { seq } = sql.exec<{ seq: number }>('SELECT coalesce(max(seq), 0) + 1 AS seq FROM chat').one()
    const now = Date.now()
    const stamp = { serverMsgID: `server-${clientMsgID}`, sendTime: now, seq, status: 2 }
    const msg = stampMessage(textMessage(alice, bob, clientMsgID, clientMsgID), stamp)
    sql.exec('INSERT INTO chat VALUES (?, ?, ?, ?, ?, ?)', seq, clientMsgID, alice, now, now, msg)
    await state.storage.setAlarm(now + RECOVERY_DELAY_MS)
  })
  await abortAllDurableObjects()
}

describe('the after-webhooks of a message', () => {
  it('are sent once for a message from a device, each with its own eventID', async () => {
    const device = await Device.connect(alice)
    await device.sendText(bob, 'hello', 'once')
    await device.sendText(bob, 'hello', 'once')
    await device.sendText(bob, 'more', 'more')
    await until(() => app.queued.length >= 4)
    expect(messageIDsIn('afterSendSingleMsg')).toEqual(['once', 'more'])
    expect(messageIDsIn('afterMsgSaveDB')).toEqual(['once', 'more'])
    expect(app.afterWebhooks('afterSendSingleMsg')[0]).toMatchObject({ seq: 0, status: 1, recvID: bob, msgFrom: 100 })
    expect(app.afterWebhooks('afterMsgSaveDB')[0]).toMatchObject({ seq: 1, status: 2, recvID: bob, groupID: '' })
    expect(new Set(app.queued.map(({ eventID }) => eventID)).size).toBe(4)
  })

  it.each([
    ['the alarm', () => runDurableObjectAlarm(stub())],
    ['any call', () => conversation(chat()).maxSeq()],
  ])('are sent after a crash that prevented them, when %s wakes the conversation', async (_how, wake) => {
    await append('older')
    await until(() => app.queued.length === 2)
    await runDurableObjectAlarm(stub())
    app.queued.length = 0
    // The busy period of the older message is over: only webhooks that the crash may have prevented are repeated.
    await new Promise((resolve) => setTimeout(resolve, 5))
    await runInDurableObject(stub(), (_object, { storage }) => {
      storage.sql.exec('UPDATE chat SET stored_time = stored_time - ?', RECOVERY_DELAY_MS)
    })
    await storeWithoutWebhook('newer')
    await wake()
    await until(() => app.queued.length >= 2)
    expect(messageIDsIn('afterSendSingleMsg')).toEqual(['newer'])
    expect(app.afterWebhooks('afterMsgSaveDB')).toMatchObject([
      { serverMsgID: 'server-newer', seq: 2, status: 2, sendID: alice, recvID: bob, content: '{"content":"newer"}' },
    ])
    expect(app.afterWebhooks('afterSendSingleMsg')).toMatchObject([{ seq: 0, status: 1 }])
  })

  it('are repeated after a crash with the same eventIDs', async () => {
    await append('message')
    await until(() => app.queued.length === 2)
    const before = app.queued.splice(0)
    await abortAllDurableObjects()
    await runDurableObjectAlarm(stub())
    await until(() => app.queued.length === 2)
    expect(app.queued.map(({ eventID }) => eventID)).toEqual(before.map(({ eventID }) => eventID))
    expect(app.queued.map(({ key }) => key)).toEqual(before.map(({ key }) => key))
    // The operationID of the sender's request is lost; all other fields are equal.
    const body = ({ body }: { body: string | null }) => ({ ...JSON.parse(body ?? ''), operationID: '' })
    expect(app.queued.map(body)).toEqual(before.map(body))
  })

  it('do not delay the delivery when the webhook queue hangs', async () => {
    let isOpen = false
    app.beforeEnqueue = async () => {
      while (!isOpen) await new Promise((resolve) => setTimeout(resolve, 5))
    }
    const [a, b] = await Promise.all([Device.connect(alice), Device.connect(bob)])
    await a.sendText(bob, 'hello', 'first')
    expect(await b.receivedTexts(1)).toEqual(['hello'])
    expect(app.queued).toEqual([])
    isOpen = true
    await until(() => app.queued.length === 2)
  })
})
