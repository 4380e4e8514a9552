import { expect, it } from 'vitest'
import { parseConfig } from '../../src/config/index.ts'

const parse = (webhooks: unknown) =>
  parseConfig({ OPENIM_SECRET: 'a secret of our own, long enough', OPENIM_WEBHOOKS: JSON.stringify(webhooks) })
const url = 'https://app.example/hooks'

it('a hook that is on goes to the common address with its command behind, with OpenIM’s defaults', () => {
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

it('what OpenIM’s webhooks.yml says is taken as it is there', () => {
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
  // However long the configuration is ready to wait, OpenIM's client waits 15 seconds.
  expect(webhooks.afterSendGroupMsg).toMatchObject({ timeoutMs: 15_000, attentionIDs: new Set(['g1']) })
  expect(webhooks.beforeAddBlack).toMatchObject({ timeoutMs: 15_000, failedContinue: false })
})

it('a hook may have addresses of its own, in place of the common ones; a query stays behind the command', () => {
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
  ['no JSON', 'hooks', /OPENIM_WEBHOOKS/],
  ['a hook that does not exist', { url, afterSendMsg: { enable: true } }, /afterSendMsg/],
  ['a key that does not exist', { url, afterQuitGroup: { enable: true, retry: 3 } }, /retry/],
  ['a hook without an address', { afterQuitGroup: { enable: true } }, /afterQuitGroup.*no url/],
  ['an address that is none', { url: 'app.example', afterQuitGroup: { enable: true } }, /not a URL/],
  ['a file', { url: 'file:///etc/passwd' }, /http or https/],
  ['a script', { afterQuitGroup: { enable: false, url: 'javascript:alert(1)' } }, /http or https/],
  ['a password in an address', { url: 'https://me:secret@app.example' }, /name or password/],
  ['a timeout that is none', { url, afterQuitGroup: { enable: true, timeout: -1 } }, /afterQuitGroup.timeout/],
])('%s makes the deployment refuse to serve, and say why', (_what, webhooks, why) => {
  const config = parse(webhooks)
  expect(config.refusal).toMatch(why)
  expect(config.webhooks).toEqual({})
})

it('without the setting there are no webhooks', () => {
  expect(parseConfig({ OPENIM_SECRET: 'a secret of our own, long enough' })).toMatchObject({
    webhooks: {},
    refusal: null,
  })
})
