import { beforeAll, describe, expect, it } from 'vitest'
import { adminToken, Device, post, register, until, user } from '../../rigs/rig.ts'

const CONVERSATION_CHANGE = 1300

let alice: Device
let bob: Device

const setBound = async (which: 'min' | 'max', given: object) =>
  post(
    `/msg/set_user_conversation_${which}_seq`,
    { userID: 'bob', conversationID: 'si_alice_bob', ...given },
    await adminToken(),
  )
const set = (given: object) => setBound('min', given)
const setMax = (given: object) => setBound('max', given)

async function readable(userID: string, conversationID = 'si_alice_bob'): Promise<number[]> {
  const seqRanges = [{ conversationID, begin: 1, end: 9, num: 9 }]
  const { data } = await post('/msg/pull_msg_by_seq', { userID, seqRanges }, await adminToken())
  return (data.msgs[conversationID]?.Msgs ?? []).map(({ seq }: { seq: number }) => seq)
}

const changeNotices = () => bob.received().filter(({ msg }) => msg.contentType === CONVERSATION_CHANGE).length

beforeAll(async () => {
  await register('alice', 'bob')
  alice = await Device.connect('alice')
  bob = await Device.connect('bob')
  for (const text of ['one', 'two', 'three']) await alice.sendText('bob', text)
  await bob.receivedTexts(3)
})

describe('set_user_conversation_min_seq', () => {
  it('raises the bound for one user, and notifies the devices of this user', async () => {
    expect((await set({ minSeq: 3 })).errCode).toBe(0)
    expect(await readable('bob')).toEqual([3])
    expect(await readable('alice')).toEqual([1, 2, 3])
    await until(() => bob.received().some(({ msg }) => msg.contentType === CONVERSATION_CHANGE))
  })

  it('does not lower the bound', async () => {
    expect((await set({ minSeq: 1 })).errCode).toBe(0)
    expect(await readable('bob')).toEqual([3])
  })

  it('refuses a bound above the next seq, and a conversation that the user does not have', async () => {
    expect(await set({ minSeq: 5 })).toMatchObject({
      errCode: 1001,
      errDlt: 'minSeq: the conversation ends with seq 3',
    })
    expect((await set({ conversationID: 'si_bob_carol', minSeq: 1 })).errCode).toBe(1004)
  })
})

describe('set_user_conversation_max_seq', () => {
  beforeAll(async () => {
    for (const text of ['four', 'five']) await alice.sendText('bob', text)
    await bob.receivedTexts(5)
  })

  it('sets and removes the bound for one user, and notifies the devices of this user', async () => {
    const before = changeNotices()
    expect((await setMax({ maxSeq: 4 })).errCode).toBe(0)
    expect(await readable('bob')).toEqual([3, 4])
    expect(await readable('alice')).toEqual([1, 2, 3, 4, 5])
    await until(() => changeNotices() > before)
    const asked = { ownerUserID: 'bob', conversationIDs: ['si_alice_bob'] }
    const { data } = await post('/conversation/get_conversations', asked, await adminToken())
    expect(data.conversations).toMatchObject([{ minSeq: 3, maxSeq: 4 }])
    const seqs = await post('/msg/get_conversations_has_read_and_max_seq', { userID: 'bob' }, await adminToken())
    expect(seqs.data.seqs.si_alice_bob).toMatchObject({ maxSeq: 4 })

    expect((await setMax({ maxSeq: 0 })).errCode).toBe(0)
    expect(await readable('bob')).toEqual([3, 4, 5])
  })

  it('refuses a bound above the newest seq, and a conversation that the user does not have', async () => {
    expect(await setMax({ maxSeq: 6 })).toMatchObject({
      errCode: 1001,
      errDlt: 'maxSeq: the conversation ends with seq 5',
    })
    expect((await setMax({ maxSeq: -1 })).errDlt).toMatch(/^maxSeq: /)
    expect((await setMax({ conversationID: 'si_bob_carol', maxSeq: 1 })).errCode).toBe(1004)
    expect((await setMax({ conversationID: 'n_alice_bob', maxSeq: 1 })).errCode).toBe(1001)
  })

  it('does not raise the bound of a user who has left the group', async () => {
    const admin = await adminToken()
    const groupInfo = { groupID: '900', groupName: 'g', groupType: 2 }
    await post('/group/create_group', { ownerUserID: 'alice', memberUserIDs: ['bob'], groupInfo }, admin)
    const say = (text: string) =>
      post(
        '/msg/send_msg',
        { sendID: 'alice', groupID: '900', sessionType: 3, contentType: 101, content: { content: text } },
        admin,
      )
    await say('before')
    await post('/group/kick_group', { groupID: '900', kickedUserIDs: ['bob'] }, admin)
    await until(async () => (await user('bob').logView('sg_900'))?.maxSeq !== 0)
    const left = await readable('bob', 'sg_900')
    await say('after leaving')

    expect((await setMax({ conversationID: 'sg_900', maxSeq: 1 })).errCode).toBe(0)
    expect(await readable('bob', 'sg_900')).toEqual([1])
    for (const maxSeq of [left.length + 1, 0]) {
      expect((await setMax({ conversationID: 'sg_900', maxSeq })).errCode).toBe(0)
      expect(await readable('bob', 'sg_900')).toEqual(left)
    }
  })
})
