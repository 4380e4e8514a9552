import type { MailConfigOf } from '../../../config/verification.ts'
import type { MailLetter } from './letter.ts'
import { callVendor } from './vendor.ts'

export async function sendByMailgun(config: MailConfigOf<'mailgun'>, letter: MailLetter): Promise<void> {
  const { endpoint = 'https://api.mailgun.net', domain, apiKey } = config
  await callVendor(`${endpoint.replace(/\/$/, '')}/v3/${encodeURIComponent(domain)}/messages`, {
    headers: { authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}` },
    body: new URLSearchParams({ ...letter }),
  })
}
