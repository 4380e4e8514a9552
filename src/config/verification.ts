import { z } from 'zod'

/*
 * The settings for sending verification codes. They contain keys of vendors, so they are set as secrets.
 * `docs/verification.md` describes each field.
 */

const given = z.string().min(1)
const endpoint = z.url({ protocol: /^https?$/ }).optional()

const CODE_TEXT = 'Your code is {code}. It is valid for {minutes} minutes.'
/** A message must contain the code. */
const text = z.string().includes('{code}').default(CODE_TEXT)

export const SmsSetting = z.discriminatedUnion('provider', [
  z.strictObject({
    provider: z.literal('aliyun'),
    accessKeyID: given,
    accessKeySecret: given,
    signName: given,
    templateCode: given,
    endpoint,
  }),
  z.strictObject({
    provider: z.literal('tencent'),
    secretID: given,
    secretKey: given,
    appID: given,
    signName: given,
    templateID: given,
    /** The values of the template's placeholders {1}, {2}, …. */
    templateParams: z.array(given).default(['{code}']),
    region: given.default('ap-guangzhou'),
    endpoint,
  }),
  z
    .strictObject({
      provider: z.literal('twilio'),
      accountSID: given,
      authToken: given,
      from: given.optional(),
      messagingServiceSID: given.optional(),
      text,
      endpoint,
    })
    .refine(({ from, messagingServiceSID }) => (from === undefined) !== (messagingServiceSID === undefined), {
      error: 'give either from or messagingServiceSID',
    }),
])

const letter = { from: given, subject: z.string().min(1).default('Your code'), text }

export const MailSetting = z.discriminatedUnion('provider', [
  z.strictObject({ provider: z.literal('resend'), apiKey: given, ...letter, endpoint }),
  z.strictObject({ provider: z.literal('mailgun'), apiKey: given, domain: given, ...letter, endpoint }),
  /** Any service that accepts a mail as JSON. */
  z.strictObject({
    provider: z.literal('http'),
    ...letter,
    endpoint: z.url({ protocol: /^https?$/ }),
    headers: z.record(z.string(), z.string()).default({}),
  }),
  /** Cloudflare's mail service, through the binding EMAIL. */
  z.strictObject({ provider: z.literal('cloudflare'), ...letter }),
])

/** OpenIM: its defaults; it has no limits `maxPerIP` and `pauseSeconds`. */
export const CodesSetting = z.strictObject({
  length: z.int().min(4).max(10).default(6),
  validSeconds: z.int().min(30).max(86_400).default(300),
  maxAttempts: z.int().min(1).max(100).default(5),
  windowSeconds: z.int().min(60).max(2_592_000).default(86_400),
  maxPerAddress: z.int().min(1).max(1_000).default(10),
  maxPerIP: z.int().min(1).max(1_000_000).default(50),
  pauseSeconds: z.int().min(0).max(3_600).default(60),
})

export type SmsConfig = z.output<typeof SmsSetting>
export type MailConfig = z.output<typeof MailSetting>
export type CodesConfig = z.output<typeof CodesSetting>
export type SmsConfigOf<P extends SmsConfig['provider']> = Extract<SmsConfig, { provider: P }>
export type MailConfigOf<P extends MailConfig['provider']> = Extract<MailConfig, { provider: P }>
