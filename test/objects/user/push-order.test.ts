import { beforeAll, describe, expect, it } from 'vitest'
import type { Delivery } from '../../../src/contracts/user.ts'
import { stampMessage } from '../../../src/protocol/push-messages.ts'
import {
  appendItem,
  conversation,
  Device,
  post,
  register,
  textMessage,
  until,
  user,
  userToken,
} from '../../rigs/rig.ts'

/** Messages from bob to a user, as their conversation delivers them. */
function delivery(userID: string, seqs: number[], given: Partial<Delivery> = {}): Delivery {
  const conversationID = ['bob', userID].sort().join('_')
  return {
    conversationID: `si_${conversationID}`,
    home: `si_${conversationID}`,
    about: { sessionType: 1, peerUserID: 'bob', groupID: '' },
    messages: seqs.map((seq) => {
      const sendTime = Date.now() + 1_000
      const msg = stampMessage(textMessage('bob', userID, `m${seq}`, `m${seq}`), {
        ...{ serverMsgID: `s${seq}`, sendTime, seq, status: 2 },
      })
      return { seq, sendTime, sendID: 'bob', operationID: '', msg }
    }),
    ...given,
  }
}

const seqsOf = (device: Device) => device.received().map(({ msg }) => Number(msg.seq))
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

beforeAll(() => register('bob'))

describe('the user object', () => {
  it('pushes in the order of the seqs when a redelivered message frees a newer one', async () => {
    await register('anna')
    const anna = await Device.connect('anna')
    await user('anna').deliver(delivery('anna', [1]))
    await user('anna').deliver(delivery('anna', [3, 4]))
    await user('anna').deliver(delivery('anna', [2], { redelivered: true }))
    await until(() => seqsOf(anna).length === 4)
    expect(seqsOf(anna)).toEqual([1, 2, 3, 4])
  })

  it('waits the full time for a lower seq when another message began to wait before', async () => {
    await register('cleo')
    const cleo = await Device.connect('cleo')
    await user('cleo').deliver(delivery('cleo', [1]))
    await user('cleo').deliver(delivery('cleo', [3]))
    await pause(1_200)
    await user('cleo').deliver(delivery('cleo', [2]))
    await user('cleo').deliver(delivery('cleo', [5]))
    await pause(1_200)
    await user('cleo').deliver(delivery('cleo', [4]))
    await until(() => seqsOf(cleo).length === 5)
    expect(seqsOf(cleo)).toEqual([1, 2, 3, 4, 5])
  })

  it('stops waiting for a seq that never arrives', async () => {
    await register('dora')
    const dora = await Device.connect('dora')
    await user('dora').deliver(delivery('dora', [2], { expectFrom: 1 }))
    await until(() => seqsOf(dora).length === 1)
    expect(seqsOf(dora)).toEqual([2])
  })
})

describe("the notice of a user's own REST call", () => {
  it('is pushed before a message that follows at once, when the log had no message on this connection', async () => {
    await register('edda', 'finn')
    const edda = await Device.connect('edda')
    const groupInfo = { groupID: 'order', groupName: 'order', groupType: 2 }
    const body = { ownerUserID: 'edda', memberUserIDs: ['finn'], groupInfo }
    expect((await post('/group/create_group', body, await userToken('edda'))).errCode).toBe(0)
    await conversation('sg_order').append([
      appendItem({ sendID: 'finn', recvID: '', groupID: 'order', sessionType: 3, clientMsgID: 'hello' }),
    ])
    const inChat = () => edda.received().filter(({ conversationID }) => conversationID === 'sg_order')
    await until(() => inChat().length === 2)
    expect(inChat().map(({ msg }) => Number(msg.seq))).toEqual([1, 2])
  })

  it('is expected by a delivery that overtakes the end of the call', async () => {
    await register('gitta')
    const gitta = await Device.connect('gitta')
    const pair = { sendID: 'gitta', recvID: 'bob' }
    const home = 'si_bob_gitta'
    await conversation(home).append([appendItem({ ...pair, clientMsgID: 'notice', contentType: 1201 })])
    await conversation(home).append([appendItem({ sendID: 'bob', recvID: 'gitta', clientMsgID: 'hello' })])
    await pause(300)
    expect(seqsOf(gitta)).toEqual([])
    await user('gitta').markUnread({ ...delivery('gitta', []), conversationID: home }, 1)
    await user('gitta').deliver(delivery('gitta', [1]))
    await until(() => seqsOf(gitta).length === 2)
    expect(seqsOf(gitta)).toEqual([1, 2])
  })

  it('is waited for from the end of the call', async () => {
    await register('hanna')
    const hanna = await Device.connect('hanna')
    const { messages: _, ...news } = delivery('hanna', [])
    await user('hanna').markUnread(news, 1)
    await user('hanna').deliver(delivery('hanna', [2]))
    await user('hanna').deliver(delivery('hanna', [1]))
    await until(() => seqsOf(hanna).length === 2)
    expect(seqsOf(hanna)).toEqual([1, 2])
  })
})
