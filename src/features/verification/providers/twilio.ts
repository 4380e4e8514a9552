import { z } from 'zod'
import type { SmsConfigOf } from '../../../config/verification.ts'
import { callProvider } from './call-provider.ts'
import { e164, fillTemplate, type Phone, type SentCode } from './message-template.ts'

const Answer = z.object({ code: z.number() })

export async function sendByTwilio(config: SmsConfigOf<'twilio'>, phone: Phone, sent: SentCode): Promise<void> {
  const { accountSID, authToken, from, messagingServiceSID, endpoint = 'https://api.twilio.com' } = config
  const sender = from === undefined ? { MessagingServiceSid: messagingServiceSID ?? '' } : { From: from }
  const body = new URLSearchParams({ To: e164(phone), ...sender, Body: fillTemplate(config.text, sent) })
  const authorization = `Basic ${Buffer.from(`${accountSID}:${authToken}`).toString('base64')}`
  const url = `${endpoint.replace(/\/$/, '')}/2010-04-01/Accounts/${encodeURIComponent(accountSID)}/Messages.json`
  await callProvider(url, { headers: { authorization }, body }, (answer) => {
    const { data } = Answer.safeParse(answer)
    return data ? String(data.code) : null
  })
}
