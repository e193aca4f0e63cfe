import type { Change, Recording } from '../recording.ts'
import { type Comparison, id } from './comparison.ts'

/** Where the heartbeat and the monitor's round stand when the node dies is chance: a period of each, ms. */
const DETECTION_SPREAD_MS = 12_000
/** What a rule sets exactly is met within this, ms. */
const RULE_SPREAD_MS = 1_500

/** When a node's death is noticed, its taints come, and its pods are deleted and replaced. */
export function checkNodeFailure(comparison: Comparison): void {
  const kill = comparison.recording.commands.find(({ text }) => text.startsWith('kill -9'))
  if (kill === undefined) return
  const node = kill.text.split(' ').at(-1)!
  const theirs = course(comparison.recorded, node, kill.t)
  const ours = course(comparison.model, node, kill.t)
  near(comparison, 'noticed after the death', ours.unknown, theirs.unknown, DETECTION_SPREAD_MS)
  for (const [name, key] of [
    ['tainted NoSchedule after it was noticed', 'noSchedule'],
    ['tainted NoExecute after it was noticed', 'noExecute'],
    ['pods not ready after it was noticed', 'notReady'],
    ['pods deleted after it was noticed', 'marked'],
    ['replaced after it was noticed', 'replaced'],
  ] as const) {
    near(comparison, name, since(ours, key), since(theirs, key), RULE_SPREAD_MS)
  }
}

type Course = Record<'unknown' | 'noSchedule' | 'noExecute' | 'notReady' | 'marked' | 'replaced', number | undefined>

function since(of: Course, key: keyof Course): number | undefined {
  return of[key] === undefined || of.unknown === undefined ? undefined : of[key] - of.unknown
}

function near(comparison: Comparison, name: string, ours: number | undefined, theirs: number | undefined, spread: number): void {
  if (theirs === undefined) return
  if (ours !== undefined && Math.abs(ours - theirs) <= spread) comparison.tally.pass()
  else {
    const got = ours === undefined ? 'never' : `after ${Math.round(ours)} ms`
    comparison.tally.fail(id(comparison, name), `recorded after ${Math.round(theirs)} ms, model ${got}`)
  }
}

/** ms since the death, of the ReplicaSets' pods: others stay where they are or wait for the node. */
export function course(changes: readonly Change[], node: string, killedAt: number): Course {
  const found: Course = {
    unknown: undefined,
    noSchedule: undefined,
    noExecute: undefined,
    notReady: undefined,
    marked: undefined,
    replaced: undefined,
  }
  for (const { t, kind, event, name, delta, state } of changes) {
    if (t < killedAt) continue
    const after = t - killedAt
    const conditions = (delta.c ?? {}) as Record<string, string>
    if (kind === 'node' && name === node) {
      if (conditions.Ready?.startsWith('Unknown')) found.unknown ??= after
      if (String(delta.taints ?? '').includes('unreachable:NoSchedule')) found.noSchedule ??= after
      if (String(delta.taints ?? '').includes('unreachable:NoExecute')) found.noExecute ??= after
    }
    if (kind !== 'pod') continue
    if (state.node === node && conditions.Ready?.startsWith('False')) found.notReady ??= after
    if (state.node === node && delta.del !== undefined) found.marked ??= after
    if (event === 'A' && found.marked !== undefined) found.replaced ??= after
  }
  return found
}

/** The node that a recording kills, and when. */
export function deathOf(recording: Recording): { node: string; t: number } | null {
  const kill = recording.commands.find(({ text }) => text.startsWith('kill -9'))
  return kill === undefined ? null : { node: kill.text.split(' ').at(-1)!, t: kill.t }
}
