import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/index.ts'

const parse = (webhooks: unknown) =>
  parseConfig({ OPENIM_SECRET: 'a secret of our own, long enough', OPENIM_WEBHOOKS: JSON.stringify(webhooks) })
const url = 'https://app.example/hooks'

describe('the setting OPENIM_WEBHOOKS', () => {
  it('sends an enabled webhook to the common address plus its command, with OpenIM’s defaults', () => {
    const { webhooks, refusal } = parse({
      url: `${url}/`,
      afterRevokeMsg: { enable: true },
      beforeAddBlack: { enable: true },
      beforeAddFriend: { enable: true },
      afterQuitGroup: { enable: false, timeout: 3 },
    })
    expect(refusal).toBeNull()
    expect(webhooks).toEqual({
      afterRevokeMsg: {
        urls: [`${url}/callbackBeforeAfterMsgCommand`],
        timeoutMs: 5_000,
        failedContinue: false,
        deniedTypes: new Set(),
        attentionIDs: new Set(),
      },
      beforeAddBlack: expect.objectContaining({ failedContinue: false }),
      beforeAddFriend: expect.objectContaining({ failedContinue: true }),
    })
  })

  it('accepts the options of OpenIM’s webhooks.yml', () => {
    const { webhooks } = parse({
      url,
      beforeSendSingleMsg: { enable: true, timeout: 2, failedContinue: false, deniedTypes: [110] },
      afterSendGroupMsg: { enable: true, timeout: 60, attentionIds: ['g1'], deniedTypes: null },
      beforeAddBlack: { enable: true, timeout: null, failedContinue: null },
      afterGroupMsgRevoke: { enable: false, timeout: 5 },
      beforeGroupOnlinePush: { enable: true, timeout: 5, failedContinue: true },
      afterCreateGroupChatConversations: { enable: true, timeout: 5, failedContinue: false },
    })
    expect(webhooks.beforeGroupOnlinePush).toMatchObject({ failedContinue: true })
    expect(webhooks.afterCreateGroupChatConversations).toBeDefined()
    expect(webhooks.beforeSendSingleMsg).toMatchObject({
      timeoutMs: 2_000,
      failedContinue: false,
      deniedTypes: new Set([110]),
    })
    // OpenIM: its HTTP client waits at most 15 seconds, whatever the configuration says.
    expect(webhooks.afterSendGroupMsg).toMatchObject({ timeoutMs: 15_000, attentionIDs: new Set(['g1']) })
    expect(webhooks.beforeAddBlack).toMatchObject({ timeoutMs: 15_000, failedContinue: false })
  })

  it('sends a webhook to its own address instead of the common ones, and keeps the query of the address', () => {
    const { webhooks } = parse({
      urls: [url, 'http://10.0.0.1:10006/cb?app=7'],
      afterQuitGroup: { enable: true },
      afterAddFriend: { enable: true, url: 'https://friends.example' },
    })
    expect(webhooks.afterQuitGroup?.urls).toEqual([
      `${url}/callbackAfterQuitGroupCommand`,
      'http://10.0.0.1:10006/cb/callbackAfterQuitGroupCommand?app=7',
    ])
    expect(webhooks.afterAddFriend?.urls).toEqual(['https://friends.example/callbackAfterAddFriendCommand'])
  })

  it.each([
    ['text that is not JSON', 'hooks', /OPENIM_WEBHOOKS/],
    ['an unknown webhook', { url, afterSendMsg: { enable: true } }, /afterSendMsg/],
    ['an unknown option', { url, afterQuitGroup: { enable: true, retry: 3 } }, /retry/],
    ['a webhook without an address', { afterQuitGroup: { enable: true } }, /afterQuitGroup.*no url/],
    ['an address that is not a URL', { url: 'app.example', afterQuitGroup: { enable: true } }, /not a URL/],
    ['a file address', { url: 'file:///etc/passwd' }, /http or https/],
    ['a script address', { afterQuitGroup: { enable: false, url: 'javascript:alert(1)' } }, /http or https/],
    ['a password in an address', { url: 'https://me:secret@app.example' }, /name or password/],
    ['a negative timeout', { url, afterQuitGroup: { enable: true, timeout: -1 } }, /afterQuitGroup.timeout/],
  ])('refuses %s, and names the reason', (_case, webhooks, reason) => {
    const config = parse(webhooks)
    expect(config.refusal).toMatch(reason)
    expect(config.webhooks).toEqual({})
  })

  it('enables no webhooks when the setting is missing', () => {
    expect(parseConfig({ OPENIM_SECRET: 'a secret of our own, long enough' })).toMatchObject({
      webhooks: {},
      refusal: null,
    })
  })
})
