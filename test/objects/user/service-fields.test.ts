import { beforeAll, describe, expect, it } from 'vitest'
import { withServiceFields } from '../../../src/features/message/send/service-fields.ts'
import { WsRequestID } from '../../../src/protocol/constants/ws-request.ts'
import { MsgData } from '../../../src/protocol/proto/index.ts'
import { readMessage } from '../../../src/protocol/read-message.ts'
import { conversation, Device, register, type SdkKind, textMessage, until } from '../../rigs/rig.ts'

/** Values that a device may not choose. */
const FORGED = {
  serverMsgID: 'f'.repeat(32),
  senderPlatformID: 99,
  msgFrom: 200,
  seq: 4_711,
  sendTime: 1,
  status: 4,
  isRead: true,
}

describe('withServiceFields', () => {
  it('forwards the bytes of a message as official clients write it', () => {
    const sent = textMessage('alice', 'bob', 'c1', 'hi', { senderPlatformID: 5 })
    const { msg, bytes } = withServiceFields(readMessage(sent), 5)
    expect(bytes).toEqual(sent)
    expect(msg).toEqual(MsgData.decode(sent))
  })

  it.each(Object.entries(FORGED))('does not keep the %s of a device', (name, value) => {
    const sent = textMessage('alice', 'bob', 'c1', 'hi', { senderPlatformID: 5, [name]: value })
    const { msg, bytes } = withServiceFields(readMessage(sent), 5)
    expect(msg).toEqual({
      ...MsgData.decode(textMessage('alice', 'bob', 'c1', 'hi', { senderPlatformID: 5 })),
      createTime: msg.createTime,
    })
    // The conversation stamps seq and sendTime over the received bytes.
    expect(bytes === null).toBe(name !== 'seq' && name !== 'sendTime')
  })
})

describe.each<SdkKind>(['js', 'go'])('a message from a %s device', (kind) => {
  const [sender, receiver] = [`forger_${kind}`, `reader_${kind}`]

  beforeAll(() => register(sender, receiver))

  it.each([
    ['stored', {}],
    ['only pushed', { options: { history: false } }],
  ])('has the service’s own fields when it is %s', async (_case, given) => {
    const [from, to] = [
      await Device.connect(sender, { kind, platformID: 3 }),
      await Device.connect(receiver, { kind, platformID: 2 }),
    ]
    const began = Date.now()
    const sent = textMessage(sender, receiver, `forged-${JSON.stringify(given)}`, 'x', { ...FORGED, ...given })
    expect((await from.request(WsRequestID.SendMsg, sent)).errCode).toBe(0)
    for (const device of [from, to]) {
      await until(() => device.received().length === 1)
      const { msg } = device.received()[0] as { msg: MsgData }
      expect(msg).toMatchObject({ senderPlatformID: 3, msgFrom: 100, status: 2, isRead: false })
      expect(msg.serverMsgID).not.toBe(FORGED.serverMsgID)
      expect(msg.seq).toBeLessThan(FORGED.seq)
      expect(msg.sendTime).toBeGreaterThan(began - 60_000)
    }
    const [stored] = await conversation(`si_${sender}_${receiver}`).stored([1])
    if (stored) expect(MsgData.decode(stored.msg)).toMatchObject({ senderPlatformID: 3, msgFrom: 100, isRead: false })
  })
})
