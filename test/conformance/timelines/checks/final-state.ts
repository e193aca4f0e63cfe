import type { Change } from '../recording.ts'
import { type Comparison, sameSequence } from './comparison.ts'

const COUNTS = ['n', 'cur', 'upd', 'rdy', 'avl', 'una', 'trm'] as const

/** Replica counts of every Deployment, StatefulSet and DaemonSet when the recording ends. */
export function checkFinalState(comparison: Comparison): void {
  for (const kind of ['deploy', 'sts', 'ds']) {
    const expected = last(comparison.recorded, kind)
    if (expected.length > 0) sameSequence(comparison, `${kind} at the end`, last(comparison.model, kind), expected)
  }
}

/** Counts that are 0 or not told are the same. */
function last(changes: readonly Change[], kind: string): string[] {
  const states = new Map<string, string>()
  for (const { kind: of, event, name, state } of changes) {
    if (of !== kind) continue
    const counts = COUNTS.filter((key) => Number(state[key] ?? 0) !== 0).map((key) => `${key} ${state[key]}`)
    states.set(name, event === 'D' ? `${name} gone` : `${name}: ${counts.join(', ')}`)
  }
  return [...states.values()].sort()
}
