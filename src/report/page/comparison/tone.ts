import type { MetricComparison } from '../../../experiment/comparison/comparison.ts'

/** What a verdict is to a reader: `bad`, `warn`, `good`, `told` for what differs in neither direction, and `quiet` for what need not be looked at. */
export type Tone = 'bad' | 'warn' | 'good' | 'told' | 'quiet'

export function toneOf({ verdict }: Pick<MetricComparison, 'verdict'>): Tone {
  switch (verdict) {
    case 'regression':
    case 'lost':
      return 'bad'
    case 'worse':
      return 'warn'
    case 'better':
      return 'good'
    case 'different':
    case 'gained':
      return 'told'
    default:
      return 'quiet'
  }
}
