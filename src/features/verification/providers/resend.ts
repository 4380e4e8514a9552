import type { MailConfigOf } from '../../../config/verification.ts'
import type { MailLetter } from './letter.ts'
import { callVendor } from './vendor.ts'

export async function sendByResend(config: MailConfigOf<'resend'>, { from, to, ...letter }: MailLetter): Promise<void> {
  await callVendor(config.endpoint ?? 'https://api.resend.com/emails', {
    headers: { authorization: `Bearer ${config.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ from, to: [to], ...letter }),
  })
}
