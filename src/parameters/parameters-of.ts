import type { Provenance } from '../control-plane/latencies.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { fieldParameters } from './field-parameters.ts'
import { PARAMETER_GROUPS } from './index.ts'
import type { Quantity } from './quantity.ts'

/** A number of a run, and how it is known: `given` where the scenario says it. */
export interface EffectiveParameter extends Quantity {
  /** A dotted path under `spec` for what a field sets, such as `traffic.shoppers.timeout`; else a name of the registry. */
  readonly name: string
  readonly provenance: Provenance | 'given'
  readonly source: string
}

/**
 * Every number in force in a run of the scenario: first what its fields set or leave at their defaults, in the order of the schema; then what no field
 * changes, without what has no effect in this mode and version. What faults and other entries of the timeline change for a while is not in it.
 *
 * Of a scenario that was not read from a file it is not known what was said: its fields are left out.
 */
export function parametersOf(scenario: Scenario): readonly EffectiveParameter[] {
  const fixed = PARAMETER_GROUPS.flatMap(({ parameters }) => parameters.filter(({ when }) => when === null || when.holds(scenario)))
  return [
    ...fieldParameters(scenario),
    ...fixed.map(({ name, value, unit, provenance, source }) => ({ name, value, unit, provenance, source })),
  ]
}
