import type { Contender, Product, Speaker } from '../contenders/contender.ts'

/** One figure of one contender in one repeat of a scenario. */
export interface Result {
  scenario: string
  /** Which variant of the scenario: "50 senders × 16". */
  variant: string
  contender: string
  repeat: number
  /** Figures by name; what could not be measured is left out. */
  figures: Record<string, number>
}

export interface Contenders {
  naive: Contender
  batched: Contender
  /** Speaks OpenIM's protocol, between two users only. */
  protocolJson: Contender & Speaker
  protocolGob: Contender & Speaker
  json: Product
  gob: Product
  /** The product of other sources, to see what a change does. */
  jsonBefore?: Product
  gobBefore?: Product
}

/** How much time a run takes. */
export interface Pace {
  /** How long one burst takes, about. */
  burstSeconds: number
  repeats: number
  /** Only variants whose name holds this. */
  variant: string
  /** Sockets of the idle scenario, per step. */
  idleSockets: number
}

export interface Scenario {
  readonly name: string
  /** Runs all contenders in turn, several times, and hands over each result as it is known. */
  run(contenders: Contenders, pace: Pace, report: (result: Result) => void): Promise<void>
}
