import { DurableObject } from 'cloudflare:workers'

/* Object classes that only the product needs. A floor must export them, because it shares the product's bindings. */

export class RelayObject extends DurableObject {}

export class MetricsObject extends DurableObject {}
