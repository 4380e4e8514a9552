import { describe, expect, it } from 'vitest'
import { type ProviderName, parsePush } from '../../src/config/push.ts'
import { chooseTargets } from '../../src/push/choose-targets.ts'
import type { DeviceTokenRow } from '../../src/push/tables.ts'

const SECTIONS = {
  http: { url: 'https://gateway.example', secret: 'a long secret, as it should be' },
  jpush: { appKey: 'k', masterSecret: 's' },
  getui: { pushUrl: 'https://getui.example/v2/app', appKey: 'k', masterSecret: 's' },
  fcm: { authURL: 'https://account.example' },
}

function targets(setting: object, rows: [ProviderName, number, string][], userIDs = ['bob']) {
  const { push, refusal } = parsePush(JSON.stringify({ ...SECTIONS, ...setting }), {})
  if (!push) throw new Error(refusal ?? 'off')
  const tokens = rows.map(([provider, platformID, token]): DeviceTokenRow => {
    return { provider, platformID, token, userID: token.slice(0, 3), vendor: '', expiresAt: 0, updatedAt: 0 }
  })
  const receivers = userIDs.map((userID) => ({ userID, badge: 2 }))
  return chooseTargets(push, receivers, tokens).map(
    ({ userID, provider, platforms, token }) => `${userID} ${provider} ${platforms} ${token}`,
  )
}

describe('chooseTargets', () => {
  it('prefers a provider that has a token of the user to a provider that needs only the userID', () => {
    const setting = { enable: 'fcm,jpush' }
    expect(targets(setting, [['fcm', 2, 'bob-1']])).toEqual(['bob fcm 2 bob-1', 'bob jpush 1,11 '])
    expect(targets(setting, [])).toEqual(['bob jpush 1,2,11 '])
  })

  it('chooses every device of a platform', () => {
    const rows: [ProviderName, number, string][] = [
      ['fcm', 5, 'bob-1'],
      ['fcm', 5, 'bob-2'],
    ]
    expect(targets({ enable: 'fcm' }, rows)).toEqual(['bob fcm 5 bob-1', 'bob fcm 5 bob-2'])
  })

  it('does not choose a provider that is not in the route of the platform', () => {
    expect(targets({ enable: 'fcm,http', platforms: { Android: ['http'] } }, [['fcm', 2, 'bob-1']])).toEqual([])
  })

  it('chooses the app’s gateway without a token only when byUserID is set', () => {
    const http = { ...SECTIONS.http, byUserID: true }
    expect(targets({ enable: 'http' }, [])).toEqual([])
    expect(targets({ enable: 'http', http, platforms: { Web: [] } }, [['http', 1, 'bob-1']])).toEqual([
      'bob http 1 bob-1',
      'bob http 2,3,4,6,7,8,9,11 ',
    ])
  })

  it('chooses each token for the user who owns the token', () => {
    const rows: [ProviderName, number, string][] = [
      ['fcm', 2, 'bob-1'],
      ['fcm', 1, 'eve-1'],
    ]
    expect(targets({ enable: 'fcm' }, rows, ['eve', 'bob', 'ann'])).toEqual(['eve fcm 1 eve-1', 'bob fcm 2 bob-1'])
  })
})
