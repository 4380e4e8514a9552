import { DurableObject } from 'cloudflare:workers'

/* Objects that the product has and a floor does without: the bindings that both share name them. */

export class RelayObject extends DurableObject {}

export class MetricsObject extends DurableObject {}
