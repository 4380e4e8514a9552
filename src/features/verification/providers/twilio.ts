import { z } from 'zod'
import type { SmsConfigOf } from '../../../config/verification.ts'
import { e164, filledIn, type Phone, type SentCode } from './letter.ts'
import { callVendor } from './vendor.ts'

const Answer = z.object({ code: z.number() })

export async function sendByTwilio(config: SmsConfigOf<'twilio'>, phone: Phone, sent: SentCode): Promise<void> {
  const { accountSID, authToken, from, messagingServiceSID, endpoint = 'https://api.twilio.com' } = config
  const sender = from === undefined ? { MessagingServiceSid: messagingServiceSID ?? '' } : { From: from }
  const body = new URLSearchParams({ To: e164(phone), ...sender, Body: filledIn(config.text, sent) })
  const authorization = `Basic ${Buffer.from(`${accountSID}:${authToken}`).toString('base64')}`
  const url = `${endpoint.replace(/\/$/, '')}/2010-04-01/Accounts/${encodeURIComponent(accountSID)}/Messages.json`
  await callVendor(url, { headers: { authorization }, body }, (answer) => {
    const { data } = Answer.safeParse(answer)
    return data ? String(data.code) : null
  })
}
