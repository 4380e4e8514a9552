import { runInDurableObject } from 'cloudflare:test'
import { type Config, configOf } from '../../src/config/index.ts'
import type { Bindings } from '../../src/env.ts'
import { bindings } from './rig.ts'

/**
 * Changes settings and bindings for all objects of this test file: they share one set of bindings, and so one parsed
 * configuration.
 * @returns a function that restores the earlier settings and bindings
 */
export function setForObjects(settings: Partial<Config>, given: Partial<Bindings> = {}): Promise<() => void> {
  return runInDurableObject(bindings.CONVERSATION.getByName('settings'), (object) => {
    const { env } = object as unknown as { env: Bindings }
    const config = configOf(env)
    const before = { config: { ...config }, bindings: { ...env } }
    Object.assign(config, settings)
    Object.assign(env, given)
    return () => {
      Object.assign(config, before.config)
      Object.assign(env, before.bindings)
    }
  })
}
