import { LATENCIES, type Latency } from '../../control-plane/latencies.ts'
import { entry, group } from '../parameter.ts'
import { drawn } from '../quantity.ts'

/** Every delay that a machine sets: the table itself carries the provenance of each row. */
export const DELAYS = group(
  'latencies',
  'Delays that a machine sets',
  Object.entries(LATENCIES).map(([name, { distribution, provenance, source }]: [string, Latency]) =>
    entry(name, drawn(distribution), { provenance, source }),
  ),
)
