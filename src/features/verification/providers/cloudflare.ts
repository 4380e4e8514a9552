import type { MailBinding } from '../../../runtime/mail-binding.ts'
import type { MailLetter } from './letter.ts'
import { VendorRefusal } from './vendor.ts'

/** Cloudflare's Email Service, by a binding instead of a key. */
export async function sendByCloudflare(binding: MailBinding | null, letter: MailLetter): Promise<void> {
  if (!binding) throw new VendorRefusal('the deployment has no binding EMAIL')
  await binding.send({ ...letter })
}
