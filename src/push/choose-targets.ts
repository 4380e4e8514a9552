import type { ProviderName, PushConfig } from '../config/push.ts'
import type { PushReceiver, PushTarget } from '../contracts/jobs.ts'
import type { PlatformID } from '../protocol/constants/platform.ts'
import type { DeviceTokenRow } from './tables.ts'

/**
 * Where to ring each receiver. On every platform it is the first provider of the platform's route that can: one that
 * has a token of the user there, or one that knows users by their IDs. So no device is rung by two vendors.
 */
export function chooseTargets(
  config: PushConfig,
  receivers: readonly PushReceiver[],
  tokens: readonly DeviceTokenRow[],
): PushTarget[] {
  const byUser = Map.groupBy(tokens, (row) => row.userID)
  return receivers.flatMap((receiver) => chooseTargetsOfUser(config, receiver, byUser.get(receiver.userID) ?? []))
}

function chooseTargetsOfUser(config: PushConfig, { userID, badge }: PushReceiver, tokens: DeviceTokenRow[]): PushTarget[] {
  const common = { userID, badge, attempt: '' }
  const targets: PushTarget[] = []
  const byUserID = new Map<ProviderName, PlatformID[]>()
  for (const [platformID, route] of config.routes) {
    for (const provider of route) {
      const here = tokens.filter((row) => row.platformID === platformID && row.provider === provider)
      for (const { token, vendor } of here)
        targets.push({ ...common, provider, platforms: [platformID], token, vendor })
      if (here.length > 0) break
      if (!knowsUsers(config, provider)) continue
      byUserID.set(provider, [...(byUserID.get(provider) ?? []), platformID])
      break
    }
  }
  for (const [provider, platforms] of byUserID) {
    targets.push({ ...common, provider, platforms, token: '', vendor: '' })
  }
  return targets
}

/** JPush and GeTui devices bind the userID as their alias, so nothing has to be registered here. */
function knowsUsers({ providers }: PushConfig, provider: ProviderName): boolean {
  return provider === 'jpush' || provider === 'getui' || (provider === 'http' && providers.http?.byUserID === true)
}
