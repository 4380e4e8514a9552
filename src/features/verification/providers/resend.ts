import type { MailConfigOf } from '../../../config/verification.ts'
import { callProvider } from './call-provider.ts'
import type { Mail } from './message-template.ts'

export async function sendByResend(config: MailConfigOf<'resend'>, { from, to, ...email }: Mail): Promise<void> {
  await callProvider(config.endpoint ?? 'https://api.resend.com/emails', {
    headers: { authorization: `Bearer ${config.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ from, to: [to], ...email }),
  })
}
