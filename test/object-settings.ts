import { runInDurableObject } from 'cloudflare:test'
import type { Bindings } from '../src/env.ts'
import { type Config, configOf } from '../src/platform/config.ts'
import { bindings } from './rig.ts'

/**
 * Has the conversations of this test file work as in a deployment with other settings. The objects of a file share one
 * set of bindings, and so one parsed configuration.
 * @returns what puts back what was there
 */
export function setForConversations(given: Partial<Config>): Promise<() => void> {
  return runInDurableObject(bindings.CONVERSATION.getByName('settings'), (object) => {
    const { env } = object as unknown as { env: Bindings }
    const config = configOf(env)
    const before = { ...config }
    Object.assign(config, given)
    return () => {
      Object.assign(config, before)
    }
  })
}
