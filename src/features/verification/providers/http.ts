import type { MailConfigOf } from '../../../config/verification.ts'
import { callProvider } from './call-provider.ts'
import type { Mail } from './message-template.ts'

/** Sends a mail by any HTTP service: the service gets `{from, to, subject, text}` and answers any 2xx status. */
export async function sendByHttp(config: MailConfigOf<'http'>, email: Mail): Promise<void> {
  await callProvider(config.endpoint, {
    headers: { ...config.headers, 'content-type': 'application/json' },
    body: JSON.stringify(email),
  })
}
