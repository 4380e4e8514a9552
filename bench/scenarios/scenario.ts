import type { Contender, Product, Speaker } from '../contenders/contender.ts'

/** The figures of one contender in one repeat of a scenario. */
export interface Result {
  scenario: string
  /** The label of the variant, for example "50 × 16". */
  variant: string
  contender: string
  repeat: number
  /** Figures by name; figures that could not be measured are left out. */
  figures: Record<string, number>
}

export interface Contenders {
  naive: Contender
  batched: Contender
  /** Supports OpenIM's protocol, but only between two users. */
  protocolJson: Contender & Speaker
  protocolGob: Contender & Speaker
  json: Product
  gob: Product
  /** The product of an earlier bundle, to measure the effect of a change. */
  jsonBefore?: Product
  gobBefore?: Product
}

/** The settings that determine how long a run takes. */
export interface Pace {
  /** The approximate length of one burst. */
  burstSeconds: number
  repeats: number
  /** Runs only the variants whose label contains this text. */
  variant: string
  /** Sockets of the idle scenario, per step. */
  idleSockets: number
}

export interface Scenario {
  readonly name: string
  /** Runs all contenders in turn, several times, and reports each result as soon as it is known. */
  run(contenders: Contenders, pace: Pace, report: (result: Result) => void): Promise<void>
}
