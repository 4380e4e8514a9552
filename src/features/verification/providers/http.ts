import type { MailConfigOf } from '../../../config/verification.ts'
import { callProvider } from './call-provider.ts'
import type { Mail } from './message-template.ts'

/** A service of the deployment's own choice: it gets `{from, to, subject, text}` and answers any 2xx. */
export async function sendByHttp(config: MailConfigOf<'http'>, email: Mail): Promise<void> {
  await callProvider(config.endpoint, {
    headers: { ...config.headers, 'content-type': 'application/json' },
    body: JSON.stringify(email),
  })
}
