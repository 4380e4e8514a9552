import type { MailConfigOf } from '../../../config/verification.ts'
import { callProvider } from './call-provider.ts'
import type { Mail } from './message-template.ts'

export async function sendByMailgun(config: MailConfigOf<'mailgun'>, email: Mail): Promise<void> {
  const { endpoint = 'https://api.mailgun.net', domain, apiKey } = config
  await callProvider(`${endpoint.replace(/\/$/, '')}/v3/${encodeURIComponent(domain)}/messages`, {
    headers: { authorization: `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}` },
    body: new URLSearchParams({ ...email }),
  })
}
