/** The parts of a benchmark: each is measured by itself, and gives its rows of the tables. */
import { updatePart } from './changes.ts'
import { establishedPart, lookupPart } from './lookup-part.ts'
import { pickPart, scanPart } from './pick-part.ts'
import type { BenchPlan, Effort, Part } from './plan.ts'
import type { BenchRows } from './rows.ts'

const REHEARSAL: Effort = { warmUpMs: 3, measureMs: 1, turns: 1, steadyMs: 1 }

/** Measures a part small and forgets the figures: what an engine learns from its first points would fall on these alone. */
export function rehearse(part: Part, plan: BenchPlan): void {
  measurePart(part, { ...plan, serviceCounts: [1, 10, 100], endpointCounts: [1, 10, 100], effort: REHEARSAL })
}

export function measurePart(part: Part, plan: BenchPlan): BenchRows {
  switch (part.kind) {
    case 'lookup':
      return lookupPart(part.mode, plan)
    case 'established':
      return establishedPart(plan)
    case 'pick':
      return pickPart(part, plan)
    case 'scan':
      return scanPart(part.scheduler, plan)
    case 'update':
      return updatePart(part.mode, plan)
  }
}
