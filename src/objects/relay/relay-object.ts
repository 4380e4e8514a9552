import { DurableObject } from 'cloudflare:workers'
import { type Outcome, outcomeOf, type Serves } from '../../contracts/outcome.ts'
import type { Relayed, RelayRpc } from '../../contracts/relay.ts'
import type { Bindings } from '../../env.ts'
import { RelaySessionTarget } from '../../runtime/rpc/session-targets.ts'
import { forward } from './forward.ts'
import { createRelayCore, type RelayCore } from './relay-core.ts'

/**
 * About 1,000 members of a large group. A message costs one call per online member, and none for the offline members.
 */
export class RelayObject extends DurableObject<Bindings> implements Serves<RelayRpc> {
  readonly #relay: RelayCore

  constructor(state: DurableObjectState, env: Bindings) {
    super(state, env)
    this.#relay = createRelayCore(state, env)
  }

  /** Opens a session for a caller with many calls in a row. */
  openCallSession(): RelaySessionTarget {
    return new RelaySessionTarget(this)
  }

  forward(relayed: Relayed): Promise<Outcome<string[]>> {
    return outcomeOf(() => forward(this.#relay, relayed))
  }

  memberConnected(userID: string): Promise<Outcome<void>> {
    return outcomeOf(() => this.#relay.roster.markListening(userID))
  }
}
