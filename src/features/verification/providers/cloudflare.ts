import type { MailBinding } from '../../../runtime/mail-binding.ts'
import { ProviderError } from './call-provider.ts'
import type { Mail } from './message-template.ts'

/** Cloudflare's Email Service, by a binding instead of a key. */
export async function sendByCloudflare(binding: MailBinding | null, email: Mail): Promise<void> {
  if (!binding) throw new ProviderError('the deployment has no binding EMAIL')
  await binding.send({ ...email })
}
