import type { MailConfigOf } from '../../../config/verification.ts'
import type { MailLetter } from './letter.ts'
import { callVendor } from './vendor.ts'

/** A service of the deployment's own choice: it gets `{from, to, subject, text}` and answers any 2xx. */
export async function sendByHttp(config: MailConfigOf<'http'>, letter: MailLetter): Promise<void> {
  await callVendor(config.endpoint, {
    headers: { ...config.headers, 'content-type': 'application/json' },
    body: JSON.stringify(letter),
  })
}
