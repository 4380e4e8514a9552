import { z } from 'zod'
import type { SmsConfigOf } from '../../../config/verification.ts'
import { signAcs3 } from './aliyun-signature.ts'
import { callProvider } from './call-provider.ts'
import type { Phone, SentCode } from './message-template.ts'

const Answer = z.object({ Code: z.string() })

/** Sends a code by Alibaba Cloud's SMS service. The SMS template there has one placeholder, `code`. */
export async function sendByAliyun(
  config: SmsConfigOf<'aliyun'>,
  { areaCode, phoneNumber }: Phone,
  { code }: SentCode,
  now: number,
): Promise<void> {
  const { url, headers } = await signAcs3({
    endpoint: config.endpoint ?? 'https://dysmsapi.aliyuncs.com/',
    action: 'SendSms',
    version: '2017-05-25',
    query: {
      PhoneNumbers: areaCode + phoneNumber,
      SignName: config.signName,
      TemplateCode: config.templateCode,
      TemplateParam: JSON.stringify({ code }),
    },
    accessKeyID: config.accessKeyID,
    accessKeySecret: config.accessKeySecret,
    now,
    nonce: crypto.randomUUID(),
  })
  await callProvider(url, { headers }, (answer) => {
    const { data } = Answer.safeParse(answer)
    return data && data.Code !== 'OK' ? data.Code : null
  })
}
