import type { Provenance } from '../control-plane/latencies.ts'
import type { Scenario } from '../scenario/scenario.ts'
import type { Quantity } from './quantity.ts'

/** In which runs a parameter has an effect. */
export interface Condition {
  /** Follows "in force", such as `in mode ipvs`. */
  readonly text: string
  holds(scenario: Scenario): boolean
}

/** Where a number comes from: measured by us, taken from a publication or source code, or assumed by us; and the place. */
export interface Origin {
  readonly provenance: Provenance
  /** The recording, profile, flag, file, field or RFC; of an assumption, what is assumed and why. */
  readonly source: string
}

/** A number of the model that no field of a scenario changes: taken from the constant that the model itself uses. */
export interface Parameter extends Quantity, Origin {
  /** Dotted: its group, and its name there, such as `etcd.electionTimeout`. */
  readonly name: string
  /** What it is; '' where the name says all. */
  readonly note: string
  /** null: in every run. */
  readonly when: Condition | null
}

export interface ParameterGroup {
  readonly prefix: string
  readonly title: string
  readonly parameters: readonly Parameter[]
}

export const cited = (source: string): Origin => ({ provenance: 'cited', source })
export const assumed = (source: string): Origin => ({ provenance: 'assumed', source })
export const measured = (source: string): Origin => ({ provenance: 'measured', source })

export function entry(name: string, quantity: Quantity, origin: Origin, more: { note?: string; when?: Condition } = {}): Parameter {
  return { name, ...quantity, ...origin, note: more.note ?? '', when: more.when ?? null }
}

/** `when` holds for those that have no condition of their own. */
export function group(prefix: string, title: string, entries: readonly Parameter[], when: Condition | null = null): ParameterGroup {
  const parameters = entries.map((parameter) => ({ ...parameter, name: `${prefix}.${parameter.name}`, when: parameter.when ?? when }))
  return { prefix, title, parameters }
}
