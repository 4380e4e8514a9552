import { describe, expect, it } from 'vitest'
import type { PushConfig } from '../../src/config/push.ts'
import { MsgData } from '../../src/protocol/proto/index.ts'
import { composePush, wantsOfflinePush } from '../../src/push/compose-push.ts'

const CONFIG: PushConfig = {
  providers: {},
  routes: new Map(),
  titles: new Map(),
  collapse: 'message',
  burstMs: 0,
  sound: '',
  production: false,
}

const message = (given: Partial<MsgData> = {}) =>
  MsgData.fromPartial({ clientMsgID: 'client-1', seq: 3, contentType: 101, ...given })
const shown = (given: Partial<MsgData>, config: Partial<PushConfig> = {}) =>
  composePush({ ...CONFIG, ...config }, 'si_alice_bob', message(given))
const info = (given: Partial<NonNullable<MsgData['offlinePushInfo']>>) => ({
  offlinePushInfo: { title: '', desc: '', ex: '', iOSPushSound: '', iOSBadgeCount: false, signalInfo: '', ...given },
})

describe('composePush', () => {
  it.each([
    [101, '[TEXT]'],
    [102, '[PICTURE]'],
    [103, '[VOICE]'],
    [104, '[VIDEO]'],
    [105, '[File]'],
    [106, '[@TEXT]'],
    [1601, '[SIGNALINVITE]'],
    [110, '[NEWMSG]'],
    [1509, '[NEWMSG]'],
  ])('uses for contentType %i the default title %s', (contentType, title) => {
    expect(shown({ contentType })).toMatchObject({ title, body: title, sound: 'default', ex: '' })
  })

  it('uses the sender’s texts, and the title as the body when the sender gives no body', () => {
    expect(shown(info({ title: 'Alice', desc: 'hi', ex: 'x', iOSPushSound: 'a.caf' }))).toMatchObject({
      title: 'Alice',
      body: 'hi',
      ex: 'x',
      sound: 'a.caf',
    })
    expect(shown(info({ title: 'Alice' }))).toMatchObject({ title: 'Alice', body: 'Alice' })
    expect(shown(info({ desc: 'hi' }))).toMatchObject({ title: '[TEXT]', body: 'hi' })
  })

  it('uses the titles and the sound of the configuration', () => {
    const config = { titles: new Map([[101, 'New message']]), sound: 'ding.caf' }
    expect(shown({}, config)).toMatchObject({ title: 'New message', body: 'New message', sound: 'ding.caf' })
  })

  it('cuts texts to the limits of vendors without splitting a character', () => {
    const { title, body, ex } = shown(
      info({ title: '🎈'.repeat(500), desc: 'long '.repeat(1_000), ex: 'x'.repeat(5_000) }),
    )
    expect([...title]).toHaveLength(200)
    expect(title.isWellFormed()).toBe(true)
    expect([...body]).toHaveLength(600)
    expect(ex).toBe('')
  })

  it('has the same ID each time a message is pushed, and different IDs for different messages', () => {
    expect(shown({}).id).toBe(shown(info({ title: 'changed' })).id)
    expect(shown({ clientMsgID: 'client-2' }).id).not.toBe(shown({}).id)
  })

  it('has one collapse key per conversation only when the configuration asks for it', () => {
    const keys = (collapse: 'message' | 'conversation') =>
      ['1', '2'].map((clientMsgID) => shown({ clientMsgID }, { collapse }).collapseKey)
    expect(new Set(keys('message')).size).toBe(2)
    expect(new Set(keys('conversation')).size).toBe(1)
  })
})

describe('wantsPush', () => {
  it.each([
    [true, 'a message without options', {}],
    [false, 'a message that switches the push off', { options: { offlinePush: false } }],
    [true, 'a message with other options', { options: { history: false } }],
    [false, 'typing', { contentType: 113 }],
    [false, 'a read receipt', { contentType: 2200 }],
    [false, 'a participant joining a call', { contentType: 1602 }],
    [false, 'a participant leaving a call', { contentType: 1603 }],
  ])('returns %s for %s', (expected, _what, given) => {
    expect(wantsOfflinePush(message(given as Partial<MsgData>))).toBe(expected)
  })
})
