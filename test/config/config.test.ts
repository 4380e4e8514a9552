import { describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config/index.ts'
import { MULTI_LOGIN_POLICIES } from '../../src/protocol/multi-login.ts'

const GOOD = 'a secret of our own, long enough'

describe('parseConfig', () => {
  it.each([
    ['without a secret', {}, /not set/],
    ['with the published default secret', { OPENIM_SECRET: 'openIM123' }, /published default/],
    ['with a short secret', { OPENIM_SECRET: 'short' }, /shorter than/],
    [
      'whose previous secret is the published default',
      { OPENIM_SECRET: GOOD, OPENIM_SECRET_PREVIOUS: 'openIM123' },
      /OPENIM_SECRET_PREVIOUS is still the published default/,
    ],
    [
      'with a short previous secret',
      { OPENIM_SECRET: GOOD, OPENIM_SECRET_PREVIOUS: 'short' },
      /OPENIM_SECRET_PREVIOUS is shorter/,
    ],
    ['with a previous secret only', { OPENIM_SECRET_PREVIOUS: GOOD }, /OPENIM_SECRET is not set/],
    ['with an unknown policy', { OPENIM_SECRET: GOOD, OPENIM_MULTI_LOGIN_POLICY: '2' }, /MULTI_LOGIN_POLICY/],
    [
      'with rules of an unknown class',
      { OPENIM_SECRET: GOOD, OPENIM_MULTI_LOGIN_RULES: '{"Toaster":[]}' },
      /MULTI_LOGIN_RULES/,
    ],
    ['with rules that are not JSON', { OPENIM_SECRET: GOOD, OPENIM_MULTI_LOGIN_RULES: 'Mobile' }, /MULTI_LOGIN_RULES/],
    ['with an unknown file access', { OPENIM_SECRET: GOOD, OPENIM_FILE_ACCESS: 'private' }, /FILE_ACCESS/],
    ['with a file limit that is not a number', { OPENIM_SECRET: GOOD, OPENIM_FILE_LIMITS: '{"a":"b"}' }, /FILE_LIMITS/],
    [
      'with an S3 store without keys',
      { OPENIM_SECRET: GOOD, OPENIM_S3_ENDPOINT: 'https://s3.test' },
      /S3_BUCKET.*SECRET/,
    ],
    [
      'with a bucket before an IP address',
      {
        ...{ OPENIM_SECRET: GOOD, OPENIM_S3_ENDPOINT: 'http://127.0.0.1:9000', OPENIM_S3_BUCKET: 'b' },
        ...{ OPENIM_S3_ACCESS_KEY_ID: 'k', OPENIM_S3_SECRET_ACCESS_KEY: 's', OPENIM_S3_ADDRESSING: 'virtual' },
      },
      /OPENIM_S3_ADDRESSING.*IP address/,
    ],
    ['with an S3 endpoint that is not a URL', { OPENIM_SECRET: GOOD, OPENIM_S3_ENDPOINT: 's3.test' }, /S3_ENDPOINT/],
    ['with an unknown SMS vendor', { OPENIM_SECRET: GOOD, OPENIM_SMS: '{"provider":"pigeon"}' }, /OPENIM_SMS/],
    [
      'with a mail vendor without its key',
      { OPENIM_SECRET: GOOD, OPENIM_MAIL: '{"provider":"resend","from":"a@example.com"}' },
      /OPENIM_MAIL\.apiKey/,
    ],
    [
      'with an SMS text without the code',
      {
        OPENIM_SECRET: GOOD,
        OPENIM_SMS: '{"provider":"twilio","accountSID":"a","authToken":"b","from":"+1","text":"hello"}',
      },
      /OPENIM_SMS\.text/,
    ],
    ['with codes of two digits', { OPENIM_SECRET: GOOD, OPENIM_CODES: '{"length":2}' }, /OPENIM_CODES\.length/],
    ['without administrators', { OPENIM_SECRET: GOOD, OPENIM_ADMIN_USER_IDS: ' , ' }, /administrator/],
  ])('refuses a deployment %s, and names the reason', (_case, env, reason) => {
    expect(parseConfig(env).refusal).toMatch(reason)
  })

  it('accepts a deployment with only a secret, and uses OpenIM’s defaults', () => {
    expect(parseConfig({ OPENIM_SECRET: GOOD })).toMatchObject({
      refusal: null,
      local: false,
      tokenExpireSeconds: 90 * 86_400,
      multiLogin: MULTI_LOGIN_POLICIES[1],
      admins: new Map([['imAdmin', 'superAdmin']]),
    })
  })

  it('signs with the newer of two secrets and verifies with both', () => {
    const previous = 'the secret of last year, long enough'
    expect(parseConfig({ OPENIM_SECRET: GOOD, OPENIM_SECRET_PREVIOUS: previous })).toMatchObject({
      ...{ refusal: null, secret: GOOD, secrets: [GOOD, previous] },
    })
    expect(parseConfig({ OPENIM_SECRET: GOOD }).secrets).toEqual([GOOD])
  })

  it('replaces rows of the login policy’s table with the given rules', () => {
    const { multiLogin } = parseConfig({
      OPENIM_SECRET: GOOD,
      OPENIM_MULTI_LOGIN_POLICY: '4',
      OPENIM_MULTI_LOGIN_RULES: '{"Pad":["Mobile","Pad"],"Web":[]}',
    })
    expect(multiLogin).toMatchObject({ Pad: ['Mobile', 'Pad'], Web: [], Mobile: ['Mobile'] })
  })

  it('sets friendVerify to true only when OPENIM_FRIEND_VERIFY is 1', () => {
    expect(parseConfig({ OPENIM_SECRET: GOOD }).friendVerify).toBe(false)
    expect(parseConfig({ OPENIM_SECRET: GOOD, OPENIM_FRIEND_VERIFY: '1' }).friendVerify).toBe(true)
    expect(parseConfig({ OPENIM_SECRET: GOOD, OPENIM_FRIEND_VERIFY: 'yes' }).refusal).toMatch(/FRIEND_VERIFY/)
  })

  it('reads a list of administrators, each with a nickname', () => {
    const { admins } = parseConfig({
      OPENIM_SECRET: GOOD,
      OPENIM_ADMIN_USER_IDS: 'root, ops',
      OPENIM_ADMIN_NICKNAMES: 'Root',
    })
    expect([...admins]).toEqual([
      ['root', 'Root'],
      ['ops', 'ops'],
    ])
  })

  it('accepts the default secret on a developer’s machine', () => {
    expect(parseConfig({ OPENIM_LOCAL: '1', OPENIM_SECRET: 'openIM123' }).refusal).toBeNull()
  })

  it('accepts all files by default, and lets files of messages expire after 180 days, as OpenIM does', () => {
    expect(parseConfig({ OPENIM_SECRET: GOOD })).toMatchObject({
      fileTypes: { allowed: [], denied: [] },
      fileGroups: { allowed: [], denied: [] },
      fileLimits: new Map(),
      fileExpiry: {
        afterMs: 180 * 86_400_000,
        groups: ['msg-picture', 'msg-file', 'msg-voice', 'msg-video', 'msg-video-snapshot', 'sdklog'],
      },
      s3: null,
    })
  })
})
