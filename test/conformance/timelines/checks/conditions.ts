import type { Change } from '../recording.ts'
import { type Comparison, deduped, id, sameSequence } from './comparison.ts'
import { hasSpentBurst, SPENT } from './spent-burst.ts'

const KINDS = ['deploy', 'job']

/** The reasons that the conditions of a Deployment or Job go through. */
export function checkConditions(comparison: Comparison): void {
  for (const kind of KINDS) {
    const types = new Set<string>()
    for (const { kind: of, delta } of comparison.recorded) if (of === kind) for (const type of Object.keys(delta.c ?? {})) types.add(type)
    for (const type of types) {
      // Whether pods fall short for an instant in between is a race.
      if (type === 'Progressing' && hasSpentBurst(comparison)) {
        comparison.tally.skip(id(comparison, `${kind} condition ${type}`), SPENT)
        continue
      }
      const course = type === 'Available' ? ends : values
      sameSequence(comparison, `${kind} condition ${type}`, course(comparison.model, kind, type), course(comparison.recorded, kind, type))
    }
  }
}

function values(changes: readonly Change[], kind: string, type: string): string[] {
  const of = changes.filter((change) => change.kind === kind)
  return deduped(of.map(({ delta }) => (delta.c as Record<string, string> | undefined)?.[type] ?? '').filter((value) => value !== ''))
}

function ends(changes: readonly Change[], kind: string, type: string): string[] {
  const all = values(changes, kind, type)
  return all.length < 2 ? all : [all[0]!, all.at(-1)!]
}
