import type { MailBinding } from '../../../runtime/mail-binding.ts'
import { ProviderError } from './call-provider.ts'
import type { Mail } from './message-template.ts'

/** Sends a mail by Cloudflare's Email Service, through a binding instead of an API key. */
export async function sendByCloudflare(binding: MailBinding | null, email: Mail): Promise<void> {
  if (!binding) throw new ProviderError('the deployment has no EMAIL binding')
  await binding.send({ ...email })
}
