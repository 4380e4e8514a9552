import { z } from 'zod'
import type { SmsConfigOf } from '../../../config/verification.ts'
import { callProvider } from './call-provider.ts'
import { e164, fillTemplate, type Phone, type SentCode } from './message-template.ts'
import { signTc3 } from './tencent-signature.ts'

const Answer = z.object({
  Response: z.object({
    Error: z.object({ Code: z.string() }).optional(),
    SendStatusSet: z.array(z.object({ Code: z.string() })).optional(),
  }),
})

/** Sends a code by Tencent Cloud's SMS service. */
export async function sendByTencent(
  config: SmsConfigOf<'tencent'>,
  phone: Phone,
  sent: SentCode,
  now: number,
): Promise<void> {
  const endpoint = config.endpoint ?? 'https://sms.tencentcloudapi.com/'
  const body = JSON.stringify({
    PhoneNumberSet: [e164(phone)],
    SmsSdkAppId: config.appID,
    SignName: config.signName,
    TemplateId: config.templateID,
    TemplateParamSet: config.templateParams.map((param) => fillTemplate(param, sent)),
  })
  const { secretID, secretKey, region } = config
  const call = { endpoint, service: 'sms', action: 'SendSms', version: '2021-01-11', region, body, now }
  const headers = await signTc3({ ...call, secretID, secretKey })
  await callProvider(endpoint, { headers, body }, (answer) => {
    const { data } = Answer.safeParse(answer)
    const codes = [data?.Response.Error?.Code, ...(data?.Response.SendStatusSet ?? []).map(({ Code }) => Code)]
    return codes.find((code) => code !== undefined && code !== 'Ok') ?? null
  })
}
