import type { Cell, CellInput, CellResult } from '../../experiment/cell.ts'
import type { RolloutMeasurement } from '../../scenario/rollout/measure.ts'
import type { RolloutSettings } from '../../scenario/rollout/settings.ts'
import type { Nanos } from '../../units.ts'

/** One replication of a rolling update under one setting. Plain data, as a {@link Cell} is. */
export interface RolloutTask {
  readonly input: CellInput
  readonly variant: string
  /** Of the scenario; that of the replication is made from it. */
  readonly seed: string
  /** Which rolling update of the scenario, as the command line says it. */
  readonly choice: { readonly object: string | null; readonly restart: string | null; readonly at: Nanos }
  readonly settings: RolloutSettings
  readonly replication: number
}

/** What a thread or another machine can be given to do: one simulation, of which one plain result comes back. */
export type Task = ({ readonly kind: 'cell' } & Cell) | ({ readonly kind: 'rollout' } & RolloutTask)

export type TaskResult = CellResult | RolloutMeasurement
