import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/index.ts'

const SECRET = { OPENIM_SECRET: 'a secret of our own, long enough' }
const PEM = '-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n'
const ACCOUNT = JSON.stringify({ project_id: 'edge', client_email: 'push@edge.example', private_key: PEM })

const parse = (push: unknown, more: Record<string, string> = {}) =>
  parseConfig({ ...SECRET, OPENIM_PUSH: typeof push === 'string' ? push : JSON.stringify(push), ...more })

/** OpenIM's own openim-push.yml, as JSON. */
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

describe('the setting OPENIM_PUSH', () => {
  it.each([
    ['when the setting is missing', ''],
    ['for OpenIM’s own file', UPSTREAM],
    ['for an empty list of providers', { enable: '' }],
  ])('leaves offline push off %s', (_case, push) => {
    expect(parse(push)).toMatchObject({ push: null, refusal: null })
  })

  it('accepts OpenIM’s file with one provider filled in', () => {
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

  it('routes each platform to its preferred providers, or to the configured providers', () => {
    const jpush = { appKey: 'key', masterSecret: 'secret' }
    const given = { enable: 'fcm,jpush', jpush, platforms: { ios: ['jpush'], 7: ['fcm'] } }
    const { push } = parse(given, { OPENIM_PUSH_FCM_ACCOUNT: ACCOUNT })
    expect(push?.routes.get(1)).toEqual(['jpush'])
    expect(push?.routes.get(2)).toEqual(['fcm', 'jpush'])
    expect(push?.routes.get(5)).toEqual(['fcm'])
    expect(push?.routes.get(7)).toEqual(['fcm'])
    expect(push?.routes.get(3)).toEqual([])
  })

  it('accepts a private key whose line breaks are written as \\n', () => {
    const apns = { keyID: 'k', teamID: 't', topic: 'com.example' }
    const { push } = parse({ enable: 'apns', apns }, { OPENIM_PUSH_APNS_KEY: PEM.trim().replaceAll('\n', '\\n') })
    expect(push?.providers.apns?.key).toBe(PEM.trim())
  })

  it.each([
    ['text that is not JSON', 'enable: fcm', {}, /OPENIM_PUSH is not valid: it is not a JSON object/],
    ['an unknown provider', { enable: 'pigeon' }, {}, /a provider is one of fcm, apns/],
    ['FCM without an account', { enable: 'fcm' }, {}, /OPENIM_PUSH_FCM_ACCOUNT/],
    ['FCM with a file path', { enable: 'fcm', fcm: { filePath: 'a.json' } }, {}, /cannot read a file/],
    [
      'an incomplete service account',
      { enable: 'fcm' },
      { OPENIM_PUSH_FCM_ACCOUNT: '{"project_id":"x"}' },
      /fcm, serviceAccount\.client_email/,
    ],
    ['a key that is not PEM', { enable: 'apns' }, { OPENIM_PUSH_APNS_KEY: 'secret!' }, /apns, /],
    [
      'GeTui’s address with its placeholder',
      { enable: 'getui', getui: { ...UPSTREAM.getui, appKey: 'k', masterSecret: 's' } },
      {},
      /placeholder for the appId/,
    ],
    ['a VAPID key of another length', { enable: 'webpush', webpush: { publicKey: 'AAAA' } }, {}, /65 bytes/],
    ['an unknown platform', { enable: '', platforms: { Toaster: [] } }, {}, /Toaster/],
    [
      'a platform with a provider that is not enabled',
      { enable: '', platforms: { IOS: ['apns'] } },
      {},
      /apns, which is not enabled/,
    ],
  ])('refuses %s, and names the reason', (_case, push, more, reason) => {
    const config = parse(push, more as Record<string, string>)
    expect(config.refusal).toMatch(reason)
    expect(config.refusal).not.toContain('secret!')
    expect(config.push).toBeNull()
  })
})
