import type { ProviderName, PushConfig } from '../config/push.ts'
import type { PushReceiver, PushTarget } from '../contracts/jobs.ts'
import type { PlatformID } from '../protocol/constants/platform.ts'
import type { DeviceTokenRow } from './tables.ts'

/**
 * Chooses the targets of a push for each receiver. On each platform, it uses the first provider of the configured route
 * that has a token of the user or addresses users by userID. So no device gets the same push from two vendors.
 */
export function chooseTargets(
  config: PushConfig,
  receivers: readonly PushReceiver[],
  tokens: readonly DeviceTokenRow[],
): PushTarget[] {
  const byUser = Map.groupBy(tokens, (row) => row.userID)
  return receivers.flatMap((receiver) => chooseTargetsOfUser(config, receiver, byUser.get(receiver.userID) ?? []))
}

function chooseTargetsOfUser(
  config: PushConfig,
  { userID, badge }: PushReceiver,
  tokens: DeviceTokenRow[],
): PushTarget[] {
  const common = { userID, badge, attempt: '' }
  const targets: PushTarget[] = []
  const byUserID = new Map<ProviderName, PlatformID[]>()
  for (const [platformID, route] of config.routes) {
    for (const provider of route) {
      const matching = tokens.filter((row) => row.platformID === platformID && row.provider === provider)
      for (const { token, vendor } of matching)
        targets.push({ ...common, provider, platforms: [platformID], token, vendor })
      if (matching.length > 0) break
      if (!isAddressedByUserID(config, provider)) continue
      byUserID.set(provider, [...(byUserID.get(provider) ?? []), platformID])
      break
    }
  }
  for (const [provider, platforms] of byUserID) {
    targets.push({ ...common, provider, platforms, token: '', vendor: '' })
  }
  return targets
}

/** JPush and GeTui devices bind the userID as their alias, so they need no token in `device_token`. */
function isAddressedByUserID({ providers }: PushConfig, provider: ProviderName): boolean {
  return provider === 'jpush' || provider === 'getui' || (provider === 'http' && providers.http?.byUserID === true)
}
