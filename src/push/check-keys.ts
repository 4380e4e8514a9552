import type { PushConfig } from '../config/push.ts'
import type { Credentials } from './credentials.ts'
import { createProviders } from './providers/index.ts'

/** A key of the configuration looks like one and is none. */
export class PushKeysError extends Error {}

/**
 * Tries the private keys of the enabled providers, without calling anybody: only the runtime itself can tell whether
 * it takes them.
 * @throws PushKeysError which provider's key is no good
 */
export async function checkPushKeys(config: PushConfig, credentials: Credentials): Promise<void> {
  for (const [name, provider] of createProviders(config, { credentials, now: () => Date.now() })) {
    await provider.checkKeys().catch(() => {
      throw new PushKeysError(`the key of ${name} in the configuration is not one that it can use`)
    })
  }
}
