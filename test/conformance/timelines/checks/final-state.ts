import type { Change } from '../recording.ts'
import { type Comparison, sameSequence } from './comparison.ts'

const COUNTS = ['n', 'cur', 'upd', 'rdy', 'avl', 'una', 'trm'] as const

/** Replica counts of every Deployment, StatefulSet and DaemonSet when the recording ends. */
export function checkFinalState(comparison: Comparison): void {
  for (const kind of ['deploy', 'sts', 'ds']) {
    const told = COUNTS.filter((key) => comparison.recorded.some((change) => change.kind === kind && change.delta[key] !== undefined))
    const expected = last(comparison.recorded, kind, told)
    if (expected.length > 0) sameSequence(comparison, `${kind} at the end`, last(comparison.model, kind, told), expected)
  }
}

/** Of the counts that the recording tells of that kind; 0 and nothing are the same. */
function last(changes: readonly Change[], kind: string, told: readonly string[]): string[] {
  const states = new Map<string, string>()
  for (const { kind: of, event, name, state } of changes) {
    if (of !== kind) continue
    const counts = told.filter((key) => Number(state[key] ?? 0) !== 0).map((key) => `${key} ${state[key]}`)
    states.set(name, event === 'D' ? `${name} gone` : `${name}: ${counts.join(', ')}`)
  }
  return [...states.values()].sort()
}
