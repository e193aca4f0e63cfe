/**
 * How fast is this machine at this moment? The hold of heap-js with 10,000 pending, CPU ns, beside every benchmark: with it, absolute figures
 * are scaled to the reference machine.
 */

import { compare } from './harness/compare.ts'
import { holdOfHeap } from './harness/heap-event.ts'
import type { Row, Size } from './harness/row.ts'

export const PENDING = 10_000

export default function main(size: Size): Row[] {
  const full = size === 'full'
  const pending = full ? PENDING : 100
  return compare({
    question: 'calibration',
    size: pending,
    rounds: full ? 5 : 1,
    operations: full ? 300_000 : 1000,
    baseline: 'heap-js',
    variants: [holdOfHeap(pending)],
  })
}
