import type { Change } from '../recording.ts'
import { type Comparison, deduped, sameSequence } from './comparison.ts'

/**
 * The sizes that the Deployment controller gives to its ReplicaSets, in order.
 *
 * Step by step where nothing can race: one pod is replaced at a time, or nothing but a size is changed. Elsewhere what happens before
 * the first new pod is ready, and what stands at the end.
 */
export function checkSizes(comparison: Comparison): void {
  const expected = sizes(comparison.recorded)
  if (expected.length === 0) return
  const got = sizes(comparison.model)
  if (isOneByOne(comparison)) sameSequence(comparison, 'ReplicaSet sizes', got, expected)
  else {
    sameSequence(comparison, 'ReplicaSet sizes before a new pod is ready', beforeReady(comparison.model), beforeReady(comparison.recorded))
    sameSequence(comparison, 'ReplicaSet sizes at the end', got.slice(-1), expected.slice(-1))
  }
}

function isOneByOne({ recording: { meta, commands } }: Comparison): boolean {
  if (meta.maxSurge !== undefined) return [meta.maxSurge, meta.maxUnavailable].sort().join() === '0,1'
  return commands.filter(({ text }) => /^PATCH|undo/.test(text)).length === 0 || meta.scenario === 'Recreate'
}

/** Sizes by template, such as `v1:3 v2:1`, after each change. */
function sizes(changes: readonly Change[]): string[] {
  const now = new Map<string, number>()
  const versions = new Map<string, string>()
  const states: string[] = []
  for (const { t, kind, event, name, state } of changes) {
    if (kind !== 'rs') continue
    if (event === 'D') now.delete(name)
    else now.set(name, Number(state.n))
    versions.set(name, String(state.v ?? ''))
    const text = [...now]
      .map(([set, size]) => `v${versions.get(set)}:${size}`)
      .sort()
      .join(' ')
    if (t >= 0 && event !== 'D') states.push(text)
  }
  return deduped(states)
}

function beforeReady(changes: readonly Change[]): string[] {
  const created = new Set<string>()
  const until: Change[] = []
  for (const change of changes) {
    if (change.kind === 'pod' && change.event === 'A' && change.t >= 0) created.add(change.name)
    if (change.kind === 'pod' && created.has(change.name) && (change.delta.c as Record<string, string>)?.Ready === 'True') break
    until.push(change)
  }
  return sizes(until)
}
