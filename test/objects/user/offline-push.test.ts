import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it, vi } from 'vitest'
import { PushJob } from '../../../src/contracts/jobs.ts'
import type { Delivery } from '../../../src/contracts/user.ts'
import type { Bindings } from '../../../src/env.ts'
import { deliver } from '../../../src/objects/user/messages/deliver.ts'
import { claimOfflinePush } from '../../../src/objects/user/notify/should-push.ts'
import { createUserCore, type UserCore } from '../../../src/objects/user/user-core.ts'
import { MsgData } from '../../../src/protocol/proto/index.ts'
import { bindings, Device, register, until, user } from '../../rigs/rig.ts'

const GATEWAY = { url: 'https://gateway.example/push', secret: 'a long secret, as it should be', byUserID: true }

/** A user's object in a deployment that pushes; its queue is looked into. */
async function withPush(
  userID: string,
  story: (bell: {
    user: UserCore
    rung: () => Rung[]
    sends: () => number
    settled: () => Promise<void>
  }) => Promise<void>,
  setting: object = {},
): Promise<void> {
  await runInDurableObject(bindings.USER.getByName(userID), async (_object, state) => {
    const rung: Rung[] = []
    let sends = 0
    const work: Promise<unknown>[] = []
    const sendBatch = async (messages: Iterable<{ body: unknown }>) => {
      sends++
      for (const { body } of messages) rung.push(...asRung(PushJob.parse(body)))
      return { metadata: { metrics: { backlogCount: 0, backlogBytes: 0 } } }
    }
    const env = {
      ...bindings,
      OPENIM_PUSH: JSON.stringify({ enable: 'http', http: GATEWAY, burstSeconds: 0, ...setting }),
      PUSH_QUEUE: { sendBatch },
    } as Bindings
    const core = createUserCore(
      new Proxy(state, {
        get: (target, name) => {
          if (name === 'waitUntil') return (promise: Promise<unknown>) => work.push(promise)
          const value = Reflect.get(target, name, target) as unknown
          return typeof value === 'function' ? value.bind(target) : value
        },
      }),
      env,
    )
    await story({
      user: core,
      rung: () => rung,
      sends: () => sends,
      settled: async () => {
        await Promise.all(work)
      },
    })
  })
}

interface Rung {
  conversationID: string
  clientMsgID: string
  userID: string
  badge: number
}

function asRung(job: PushJob): Rung[] {
  const { clientMsgID } = MsgData.decode(Buffer.from(job.message, 'base64'))
  const { conversationID } = job
  return job.kind === 'ring' ? job.receivers.map((receiver) => ({ conversationID, clientMsgID, ...receiver })) : []
}

const SINGLE = { conversationID: 'si_alice_bob', sessionType: 1, peerUserID: 'alice', groupID: '' }
const GROUP = { conversationID: 'sg_1', sessionType: 3, peerUserID: '', groupID: '1' }
const ACCOUNT = { conversationID: 'sn_bob_shop', sessionType: 4, peerUserID: 'shop', groupID: '' }

function delivery(
  seqs: number[],
  given: Partial<MsgData> = {},
  { conversationID, ...about }: typeof SINGLE = SINGLE,
): Delivery {
  const home = conversationID
  const messages = seqs.map((seq) => {
    const msg = MsgData.fromPartial({ sendID: 'alice', clientMsgID: `message ${seq}`, contentType: 101, seq, ...given })
    return { seq, sendTime: 1, sendID: msg.sendID, operationID: 'op', msg: MsgData.encode(msg).finish() }
  })
  return { conversationID, home, about, messages }
}

const texts = (rung: Rung[]) => rung.map(({ clientMsgID }) => clientMsgID)
const COUNTS: Partial<MsgData> = {
  offlinePushInfo: { title: '', desc: '', ex: '', iOSPushSound: '', iOSBadgeCount: true, signalInfo: '' },
}

describe('a user without a phone that listens', () => {
  it('is rung for what is delivered, with the newest of it', async () => {
    await withPush('bob', async ({ user, rung, settled }) => {
      // Not `marked`: then the next message would not come here, and ring nobody.
      expect(deliver(user, delivery([1, 2, 3]))).toBe('away')
      await settled()
      expect(rung()).toEqual([{ conversationID: 'si_alice_bob', clientMsgID: 'message 3', userID: 'bob', badge: 1 }])
    })
  })

  it('is not rung for what the user wrote, nor for what is not to be pushed', async () => {
    await withPush('bob', async ({ user, rung, settled }) => {
      deliver(user, delivery([4], { sendID: 'bob' }))
      deliver(user, delivery([5], { options: { offlinePush: false } }))
      deliver(user, delivery([0], { contentType: 113 }))
      await settled()
      expect(rung()).toEqual([])
    })
  })

  it('is not rung for what is not to be pushed to this user, but marked for the next sync', async () => {
    await withPush('vera', async ({ user, rung, settled }) => {
      const silent = delivery([1])
      for (const message of silent.messages) message.silent = true
      deliver(user, silent)
      deliver(user, { ...silent, redelivered: true })
      await settled()
      expect(rung()).toEqual([])
      expect(user.cursors.find('si_alice_bob')?.dirty).toBe(true)
    })
  })

  it('is rung for what is only for the moment too, a friend’s request say', async () => {
    await withPush('bob', async ({ user, rung, settled }) => {
      const options = { isNotNotification: false, history: false, offlinePush: true }
      deliver(user, delivery([0], { contentType: 1203, options }, { ...SINGLE, conversationID: 'n_alice_bob' }))
      await settled()
      expect(texts(rung())).toEqual(['message 0'])
    })
  })

  it('is not rung twice for a message that comes twice, even after the object was lost', async () => {
    await withPush('carl', async ({ user, rung, settled }) => {
      deliver(user, delivery([1]))
      deliver(user, delivery([1]))
      await settled()
      deliver(user, { ...delivery([1]), redelivered: true })
      await settled()
      expect(texts(rung())).toEqual(['message 1'])
    })
    await abortAllDurableObjects()
    await withPush('carl', async ({ user, rung, settled }) => {
      deliver(user, { ...delivery([1, 2]), redelivered: true })
      await settled()
      expect(texts(rung())).toEqual(['message 2'])
    })
  })

  it('is rung once for a burst and once for the rest of it', async () => {
    await withPush(
      'dana',
      async ({ user, rung, settled }) => {
        deliver(user, delivery([1], COUNTS))
        await until(() => rung().length === 1)
        for (const seq of [2, 3, 4]) deliver(user, delivery([seq], COUNTS))
        await settled()
        expect(rung().map(({ clientMsgID, badge }) => `${clientMsgID}: ${badge}`)).toEqual([
          'message 1: 1',
          'message 4: 4',
        ])
      },
      { burstSeconds: 0.2 },
    )
  })

  it('is rung by one call to the queue for what comes at the same time in several chats', async () => {
    await withPush('fred', async ({ user, rung, sends, settled }) => {
      const chats = ['si_ann_fred', 'si_bob_fred', 'si_eve_fred'].map((conversationID) => ({
        ...SINGLE,
        conversationID,
      }))
      for (const chat of chats) deliver(user, delivery([1], {}, chat))
      await settled()
      expect(rung()).toHaveLength(3)
      expect(sends()).toBe(1)
    })
  })

  it('is delivered to all the same when the queue is out of reach', async () => {
    await withPush('greg', async ({ user, settled }) => {
      const silenced = vi.spyOn(console, 'error').mockImplementation(() => {})
      vi.spyOn(user.pushBuffer, 'add').mockImplementation(() => {
        throw new Error('no queue')
      })
      expect(() => deliver(user, delivery([1]))).not.toThrow()
      await settled()
      expect(user.cursors.find('si_alice_bob')).toMatchObject({ dirty: true })
      expect(silenced.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
        expect.objectContaining({ message: 'an offline push was not made', operationID: 'op' }),
      ])
      silenced.mockRestore()
    })
  })

  it('is not rung when there is nobody to ring', async () => {
    await withPush(
      'emma',
      async ({ user, sends, settled }) => {
        deliver(user, delivery([1]))
        await settled()
        expect(sends()).toBe(0)
      },
      { enable: '' },
    )
  })
})

describe('do not disturb', () => {
  const mute = (user: UserCore, { conversationID, sessionType }: typeof SINGLE, recvMsgOpt: number) =>
    user.conversations.set({ conversationID, conversationType: sessionType, userID: '', groupID: '', recvMsgOpt })

  it.each([
    ['a chat', SINGLE],
    ['a group', GROUP],
    ['a notification account', ACCOUNT],
  ])('of %s silences it', async (_what, where) => {
    await withPush(`muted ${where.sessionType}`, async ({ user, rung, settled }) => {
      mute(user, where, 2)
      deliver(user, delivery([1], {}, where))
      await settled()
      expect(rung()).toEqual([])
      mute(user, where, 0)
      deliver(user, delivery([2], {}, where))
      await settled()
      expect(texts(rung())).toEqual(['message 2'])
    })
  })

  it('for everything silences chats, and leaves groups to their own setting, as with OpenIM', async () => {
    await user('finn').setGlobalRecvMsgOpt(2)
    await withPush('finn', async ({ user, rung, settled }) => {
      deliver(user, delivery([1], {}, SINGLE))
      deliver(user, delivery([1], {}, GROUP))
      await settled()
      expect(rung().map(({ conversationID }) => conversationID)).toEqual(['sg_1'])
    })
  })
})

describe('a phone', () => {
  it.each([
    ['an iPhone', 1, false],
    ['an Android phone', 2, false],
    ['an iPad', 9, true],
    ['a browser', 5, true],
  ])('of which %s listens (platform %i) rings: %s', async (_what, platformID, rings) => {
    const userID = `on_platform_${platformID}`
    await register(userID)
    const device = await Device.connect(userID, { platformID })
    await withPush(userID, async ({ user, rung, settled }) => {
      deliver(user, delivery([1]))
      await settled()
      expect(rung().length > 0).toBe(rings)
    })
    device.close()
  })

  it('that comes back in a burst is not rung for the rest', async () => {
    await register('gina')
    await withPush(
      'gina',
      async ({ user, rung, settled }) => {
        deliver(user, delivery([1]))
        await until(() => rung().length === 1)
        deliver(user, delivery([2]))
        user.devices.phoneListens = () => true
        await settled()
        expect(texts(rung())).toEqual(['message 1'])
      },
      { burstSeconds: 0.2 },
    )
  })
})

describe('the badge', () => {
  it('counts on from what the app set, by the messages that count', async () => {
    await user('hugo').setAppBadge(5)
    await withPush('hugo', async ({ user, rung, settled }) => {
      deliver(user, delivery([1, 2], COUNTS))
      await settled()
      deliver(user, delivery([3]))
      await settled()
      expect(rung().map(({ badge }) => badge)).toEqual([7, 7])
    })
    await abortAllDurableObjects()
    await withPush('hugo', async ({ user, rung, settled }) => {
      deliver(user, delivery([4], COUNTS))
      await settled()
      expect(rung().map(({ badge }) => badge)).toEqual([8])
    })
  })
})

describe('a member of a large group, who is asked for', () => {
  const question = { conversationID: 'sg_1', home: 'sg_1', sessionType: 3, seq: 1, countsOnBadge: true }

  it('is rung, and counted once however often the question is put', async () => {
    await withPush('ida', async ({ user }) => {
      expect(claimOfflinePush(user, question)).toBe(1)
      expect(claimOfflinePush(user, question)).toBe(1)
      expect(claimOfflinePush(user, { ...question, seq: 2 })).toBe(2)
    })
  })

  it('is not rung where the group is muted', async () => {
    await withPush('jan', async ({ user }) => {
      const about = { conversationID: 'sg_1', conversationType: 3, userID: '', groupID: '1' }
      user.conversations.set({ ...about, recvMsgOpt: 1 })
      expect(claimOfflinePush(user, question)).toBeNull()
    })
  })
})
