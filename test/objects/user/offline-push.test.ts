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

const GATEWAY = { url: 'https://gateway.example/push', secret: 'a secret that is long enough', byUserID: true }

/** Runs a test with a user's object in a deployment with offline push, and collects what it puts into the queue. */
async function withPush(
  userID: string,
  test: (given: {
    user: UserCore
    pushes: () => Push[]
    sends: () => number
    settled: () => Promise<void>
  }) => Promise<void>,
  setting: object = {},
): Promise<void> {
  await runInDurableObject(bindings.USER.getByName(userID), async (_object, state) => {
    const pushes: Push[] = []
    let sends = 0
    const work: Promise<unknown>[] = []
    const sendBatch = async (messages: Iterable<{ body: unknown }>) => {
      sends++
      for (const { body } of messages) pushes.push(...pushesOf(PushJob.parse(body)))
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
    await test({
      user: core,
      pushes: () => pushes,
      sends: () => sends,
      settled: async () => {
        await Promise.all(work)
      },
    })
  })
}

/** One push of a job. */
interface Push {
  conversationID: string
  clientMsgID: string
  userID: string
  badge: number
}

function pushesOf(job: PushJob): Push[] {
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

const idsOf = (pushes: Push[]) => pushes.map(({ clientMsgID }) => clientMsgID)
const COUNTS: Partial<MsgData> = {
  offlinePushInfo: { title: '', desc: '', ex: '', iOSPushSound: '', iOSBadgeCount: true, signalInfo: '' },
}

describe('a user without an online phone', () => {
  it('gets one push with the newest of several delivered messages', async () => {
    await withPush('bob', async ({ user, pushes, settled }) => {
      // Not `marked`: the conversation would skip the next delivery, and the user would get no push.
      expect(deliver(user, delivery([1, 2, 3]))).toBe('offline')
      await settled()
      expect(pushes()).toEqual([{ conversationID: 'si_alice_bob', clientMsgID: 'message 3', userID: 'bob', badge: 1 }])
    })
  })

  it('gets no push for own messages and for messages with push switched off', async () => {
    await withPush('bob', async ({ user, pushes, settled }) => {
      deliver(user, delivery([4], { sendID: 'bob' }))
      deliver(user, delivery([5], { options: { offlinePush: false } }))
      deliver(user, delivery([0], { contentType: 113 }))
      await settled()
      expect(pushes()).toEqual([])
    })
  })

  it('gets no push, but an unread mark, for a silent message', async () => {
    await withPush('vera', async ({ user, pushes, settled }) => {
      const silent = delivery([1])
      for (const message of silent.messages) message.silent = true
      deliver(user, silent)
      deliver(user, { ...silent, redelivered: true })
      await settled()
      expect(pushes()).toEqual([])
      expect(user.cursors.find('si_alice_bob')?.isUnread).toBe(true)
    })
  })

  it('gets a push for an unstored notification such as a friend request', async () => {
    await withPush('bob', async ({ user, pushes, settled }) => {
      const options = { isNotNotification: false, history: false, offlinePush: true }
      deliver(user, delivery([0], { contentType: 1203, options }, { ...SINGLE, conversationID: 'n_alice_bob' }))
      await settled()
      expect(idsOf(pushes())).toEqual(['message 0'])
    })
  })

  it('gets one push for a message that is delivered twice, also after a restart of the object', async () => {
    await withPush('carl', async ({ user, pushes, settled }) => {
      deliver(user, delivery([1]))
      deliver(user, delivery([1]))
      await settled()
      deliver(user, { ...delivery([1]), redelivered: true })
      await settled()
      expect(idsOf(pushes())).toEqual(['message 1'])
    })
    await abortAllDurableObjects()
    await withPush('carl', async ({ user, pushes, settled }) => {
      deliver(user, { ...delivery([1, 2]), redelivered: true })
      await settled()
      expect(idsOf(pushes())).toEqual(['message 2'])
    })
  })

  it('gets one push for the first message of a burst, and one push for the rest', async () => {
    await withPush(
      'dana',
      async ({ user, pushes, settled }) => {
        deliver(user, delivery([1], COUNTS))
        await until(() => pushes().length === 1)
        for (const seq of [2, 3, 4]) deliver(user, delivery([seq], COUNTS))
        await settled()
        expect(pushes().map(({ clientMsgID, badge }) => `${clientMsgID}: ${badge}`)).toEqual([
          'message 1: 1',
          'message 4: 4',
        ])
      },
      { burstSeconds: 0.2 },
    )
  })

  it('gets pushes of several chats in one queue call when messages arrive at the same time', async () => {
    await withPush('fred', async ({ user, pushes, sends, settled }) => {
      const chats = ['si_ann_fred', 'si_bob_fred', 'si_eve_fred'].map((conversationID) => ({
        ...SINGLE,
        conversationID,
      }))
      for (const chat of chats) deliver(user, delivery([1], {}, chat))
      await settled()
      expect(pushes()).toHaveLength(3)
      expect(sends()).toBe(1)
    })
  })

  it('gets the delivery of a message even when the offline push fails', async () => {
    await withPush('greg', async ({ user, settled }) => {
      const silenced = vi.spyOn(console, 'error').mockImplementation(() => {})
      vi.spyOn(user.pushBuffer, 'add').mockImplementation(() => {
        throw new Error('no queue')
      })
      expect(() => deliver(user, delivery([1]))).not.toThrow()
      await settled()
      expect(user.cursors.find('si_alice_bob')).toMatchObject({ isUnread: true })
      expect(silenced.mock.calls.map(([line]) => JSON.parse(String(line)))).toEqual([
        expect.objectContaining({ message: 'offline push failed', operationID: 'op' }),
      ])
      silenced.mockRestore()
    })
  })

  it('gets no push when offline push is off', async () => {
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
  ])('stops pushes of %s', async (_what, where) => {
    await withPush(`muted ${where.sessionType}`, async ({ user, pushes, settled }) => {
      mute(user, where, 2)
      deliver(user, delivery([1], {}, where))
      await settled()
      expect(pushes()).toEqual([])
      mute(user, where, 0)
      deliver(user, delivery([2], {}, where))
      await settled()
      expect(idsOf(pushes())).toEqual(['message 2'])
    })
  })

  it('stops pushes of single chats, but not of groups, when set for all conversations', async () => {
    await user('finn').setGlobalRecvMsgOpt(2)
    await withPush('finn', async ({ user, pushes, settled }) => {
      deliver(user, delivery([1], {}, SINGLE))
      deliver(user, delivery([1], {}, GROUP))
      await settled()
      expect(pushes().map(({ conversationID }) => conversationID)).toEqual(['sg_1'])
    })
  })
})

describe('a connected device', () => {
  it.each([
    ['stops', 'an iPhone', 1, false],
    ['stops', 'an Android phone', 2, false],
    ['does not stop', 'an iPad', 9, true],
    ['does not stop', 'a browser', 5, true],
  ])('%s offline pushes when the device is %s', async (_effect, _what, platformID, isPushed) => {
    const userID = `on_platform_${platformID}`
    await register(userID)
    const device = await Device.connect(userID, { platformID })
    await withPush(userID, async ({ user, pushes, settled }) => {
      deliver(user, delivery([1]))
      await settled()
      expect(pushes().length > 0).toBe(isPushed)
    })
    device.close()
  })

  it('stops the second push of a burst when a phone connects after the first push', async () => {
    await register('gina')
    await withPush(
      'gina',
      async ({ user, pushes, settled }) => {
        deliver(user, delivery([1]))
        await until(() => pushes().length === 1)
        deliver(user, delivery([2]))
        user.devices.hasListeningPhone = () => true
        await settled()
        expect(idsOf(pushes())).toEqual(['message 1'])
      },
      { burstSeconds: 0.2 },
    )
  })
})

describe('the badge', () => {
  it('continues from the number that the app set, and counts only messages that raise the badge', async () => {
    await user('hugo').setAppBadge(5)
    await withPush('hugo', async ({ user, pushes, settled }) => {
      deliver(user, delivery([1, 2], COUNTS))
      await settled()
      deliver(user, delivery([3]))
      await settled()
      expect(pushes().map(({ badge }) => badge)).toEqual([7, 7])
    })
    await abortAllDurableObjects()
    await withPush('hugo', async ({ user, pushes, settled }) => {
      deliver(user, delivery([4], COUNTS))
      await settled()
      expect(pushes().map(({ badge }) => badge)).toEqual([8])
    })
  })
})

describe('claimOfflinePush', () => {
  const check = { conversationID: 'sg_1', home: 'sg_1', sessionType: 3, seq: 1, countsOnBadge: true }

  it('raises the badge once when the claim is repeated for the same message', async () => {
    await withPush('ida', async ({ user }) => {
      expect(claimOfflinePush(user, check)).toBe(1)
      expect(claimOfflinePush(user, check)).toBe(1)
      expect(claimOfflinePush(user, { ...check, seq: 2 })).toBe(2)
    })
  })

  it('returns null when the group is muted', async () => {
    await withPush('jan', async ({ user }) => {
      const about = { conversationID: 'sg_1', conversationType: 3, userID: '', groupID: '1' }
      user.conversations.set({ ...about, recvMsgOpt: 1 })
      expect(claimOfflinePush(user, check)).toBeNull()
    })
  })
})
