import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, Device, post, register, until } from '../rig.ts'

const CONVERSATION_CHANGE = 1300

let alice: Device
let bob: Device

const set = async (given: object) =>
  post(
    '/msg/set_user_conversation_min_seq',
    { userID: 'bob', conversationID: 'si_alice_bob', ...given },
    await adminToken(),
  )

async function readable(userID: string): Promise<number[]> {
  const seqRanges = [{ conversationID: 'si_alice_bob', begin: 1, end: 9, num: 9 }]
  const { data } = await post('/msg/pull_msg_by_seq', { userID, seqRanges }, await adminToken())
  return data.msgs.si_alice_bob.Msgs.map(({ seq }: { seq: number }) => seq)
}

beforeAll(async () => {
  await register('alice', 'bob')
  alice = await Device.connect('alice')
  bob = await Device.connect('bob')
  for (const text of ['one', 'two', 'three']) await alice.sendText('bob', text)
  await bob.receivedTexts(3)
})

describe('the first seq that a user reads', () => {
  it('is raised for that user alone, whose devices are told', async () => {
    expect((await set({ minSeq: 3 })).errCode).toBe(0)
    expect(await readable('bob')).toEqual([3])
    expect(await readable('alice')).toEqual([1, 2, 3])
    await until(() => bob.received().some(({ msg }) => msg.contentType === CONVERSATION_CHANGE))
  })

  it('never goes back', async () => {
    expect((await set({ minSeq: 1 })).errCode).toBe(0)
    expect(await readable('bob')).toEqual([3])
  })

  it('lies at most behind the newest message, in a conversation that the user has', async () => {
    expect(await set({ minSeq: 5 })).toMatchObject({
      errCode: 1001,
      errDlt: 'minSeq: the conversation ends with seq 3',
    })
    expect((await set({ conversationID: 'si_bob_carol', minSeq: 1 })).errCode).toBe(1004)
  })
})
