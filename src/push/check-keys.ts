import type { PushConfig } from '../config/push.ts'
import type { Credentials } from './credentials.ts'
import { createProviders } from './providers/index.ts'

/** A key in the configuration has the form of a key, but the runtime cannot use it. */
export class PushKeysError extends Error {}

/**
 * Loads the private keys of the enabled providers, without calling a vendor: only the runtime can say whether it
 * accepts a key.
 * @throws PushKeysError names the provider whose key cannot be used
 */
export async function checkPushKeys(config: PushConfig, credentials: Credentials): Promise<void> {
  for (const [name, provider] of createProviders(config, { credentials, now: () => Date.now() })) {
    await provider.checkKeys().catch(() => {
      throw new PushKeysError(`the key of ${name} in the configuration cannot be used`)
    })
  }
}
