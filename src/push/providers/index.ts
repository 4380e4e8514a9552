import type { ProviderName, PushConfig } from '../../config/push.ts'
import { Apns } from './apns.ts'
import { Fcm } from './fcm.ts'
import { Getui } from './getui.ts'
import { HttpPush } from './http.ts'
import { Jpush } from './jpush.ts'
import type { Provider, ProviderDeps } from './provider.ts'
import { WebPush } from './web-push.ts'

/** The providers that the configuration enables. */
export function createProviders(
  { providers, production }: PushConfig,
  deps: Omit<ProviderDeps, 'production'>,
): ReadonlyMap<ProviderName, Provider> {
  const all = { ...deps, production }
  const created = new Map<ProviderName, Provider>()
  if (providers.fcm) created.set('fcm', new Fcm(providers.fcm, all))
  if (providers.apns) created.set('apns', new Apns(providers.apns, all))
  if (providers.webpush) created.set('webpush', new WebPush(providers.webpush, all))
  if (providers.http) created.set('http', new HttpPush(providers.http, all))
  if (providers.jpush) created.set('jpush', new Jpush(providers.jpush, all))
  if (providers.getui) created.set('getui', new Getui(providers.getui, all))
  return created
}
