import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/index.ts'

const SECRET = { OPENIM_SECRET: 'a secret of our own, long enough' }
const PEM = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n'
const ACCOUNT = JSON.stringify({ project_id: 'edge', client_email: 'push@edge.example', private_key: PEM })

const parse = (push: unknown, more: Record<string, string> = {}) =>
  parseConfig({ ...SECRET, OPENIM_PUSH: typeof push === 'string' ? push : JSON.stringify(push), ...more })

/** OpenIM's openim-push.yml as it comes, written as JSON. */
const UPSTREAM = {
  maxConcurrentWorkers: 3,
  enable: null,
  getui: {
    pushUrl: 'https://restapi.getui.com/v2/$appId',
    masterSecret: null,
    appKey: null,
    intent: null,
    channelID: null,
    channelName: null,
  },
  fcm: { filePath: null, authURL: null },
  jpush: { appKey: null, masterSecret: null, pushURL: null, pushIntent: null },
  iosPush: { pushSound: 'xxx', badgeCount: true, production: false },
  fullUserCache: true,
}

describe('offline push', () => {
  it.each([
    ['without the setting', ''],
    ['with OpenIM’s file as it comes', UPSTREAM],
    ['with an empty provider', { enable: '' }],
  ])('is off %s', (_what, push) => {
    expect(parse(push)).toMatchObject({ push: null, refusal: null })
  })

  it('goes by OpenIM’s file with a provider filled in', () => {
    const { push, refusal } = parse(
      { ...UPSTREAM, enable: 'JPush', jpush: { ...UPSTREAM.jpush, appKey: 'key' } },
      { OPENIM_PUSH_JPUSH_SECRET: 'secret' },
    )
    expect(refusal).toBeNull()
    expect(push?.providers).toEqual({
      jpush: {
        appKey: 'key',
        masterSecret: 'secret',
        pushURL: 'https://api.jpush.cn/v3/push',
        pushIntent: '',
        cid: true,
      },
    })
    expect(push).toMatchObject({ sound: 'xxx', production: false, burstMs: 3_000 })
  })

  it('gives each platform to the best of the providers, or to those it is told', () => {
    const jpush = { appKey: 'key', masterSecret: 'secret' }
    const given = { enable: 'fcm,jpush', jpush, platforms: { ios: ['jpush'], 7: ['fcm'] } }
    const { push } = parse(given, { OPENIM_PUSH_FCM_ACCOUNT: ACCOUNT })
    expect(push?.routes.get(1)).toEqual(['jpush'])
    expect(push?.routes.get(2)).toEqual(['fcm', 'jpush'])
    expect(push?.routes.get(5)).toEqual(['fcm'])
    expect(push?.routes.get(7)).toEqual(['fcm'])
    expect(push?.routes.get(3)).toEqual([])
  })

  it('takes a private key whose line breaks became \\n on the way', () => {
    const apns = { keyID: 'k', teamID: 't', topic: 'com.example' }
    const { push } = parse({ enable: 'apns', apns }, { OPENIM_PUSH_APNS_KEY: PEM.trim().replaceAll('\n', '\\n') })
    expect(push?.providers.apns?.key).toBe(PEM.trim())
  })

  it.each([
    ['no JSON', 'enable: fcm', {}, /OPENIM_PUSH is not valid: it is not a JSON object/],
    ['an unknown provider', { enable: 'pigeon' }, {}, /a provider is one of fcm, apns/],
    ['FCM without an account', { enable: 'fcm' }, {}, /OPENIM_PUSH_FCM_ACCOUNT/],
    ['FCM with a file', { enable: 'fcm', fcm: { filePath: 'a.json' } }, {}, /cannot read a file/],
    [
      'an account that is none',
      { enable: 'fcm' },
      { OPENIM_PUSH_FCM_ACCOUNT: '{"project_id":"x"}' },
      /fcm, serviceAccount\.client_email/,
    ],
    ['a key that is none', { enable: 'apns' }, { OPENIM_PUSH_APNS_KEY: 'secret!' }, /apns, /],
    [
      'GeTui’s address as it comes',
      { enable: 'getui', getui: { ...UPSTREAM.getui, appKey: 'k', masterSecret: 's' } },
      {},
      /placeholder for the appId/,
    ],
    ['a VAPID key of another length', { enable: 'webpush', webpush: { publicKey: 'AAAA' } }, {}, /65 bytes/],
    ['a platform that is none', { enable: '', platforms: { Toaster: [] } }, {}, /Toaster/],
    [
      'a platform for who is not enabled',
      { enable: '', platforms: { IOS: ['apns'] } },
      {},
      /apns, which is not enabled/,
    ],
  ])('with %s makes the deployment refuse, and say why', (_what, push, more, why) => {
    const config = parse(push, more as Record<string, string>)
    expect(config.refusal).toMatch(why)
    expect(config.refusal).not.toContain('secret!')
    expect(config.push).toBeNull()
  })
})
