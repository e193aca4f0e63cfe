import type { Change } from '../recording.ts'
import { traitsOf } from '../traits.ts'
import { type Comparison, deduped, id, sameSequence } from './comparison.ts'

/** Pods that a Job starts after failures come within this of each other's times, ms: each period doubles from 10 s. */
const BACK_OFF_SPREAD_MS = 2_000

/** StatefulSet: which ordinal is created, becomes ready, is deleted and goes, one after the other. */
export function checkStatefulSet(comparison: Comparison): void {
  // Where pods do not wait for one another, their order is chance.
  const sets = names(comparison.recorded, 'sts').filter((name) => !traitsOf(comparison.recording, 'sts', name).parallel)
  if (sets.length === 0) return
  const steps = (changes: readonly Change[]): string[] => {
    const found: string[] = []
    const ready = new Set<string>()
    for (const { kind, event, name, delta, state } of changes) {
      if (kind !== 'pod' || !sets.includes(String(state.own))) continue
      if (event === 'A') found.push(`${name} created`)
      if (event === 'D') {
        found.push(`${name} gone`)
        ready.delete(name)
      }
      if (event === 'M' && delta.del !== undefined && delta.gr !== 0) found.push(`${name} marked`)
      if ((delta.c as Record<string, string> | undefined)?.Ready === 'True' && !ready.has(name)) {
        ready.add(name)
        found.push(`${name} ready`)
      }
    }
    return found
  }
  sameSequence(comparison, 'StatefulSet order', steps(comparison.model), steps(comparison.recorded))
}

/** Job: how many are active, succeeded and failed, change by change, and when failed pods are replaced. */
export function checkJob(comparison: Comparison): void {
  if (names(comparison.recorded, 'job').length === 0) return
  const counts = (changes: readonly Change[]): string[] =>
    deduped(
      changes
        .filter(({ kind, event }) => kind === 'job' && event !== 'D')
        .map(({ state }) => `succeeded ${state.suc ?? 0}, failed ${state.fail ?? 0}`),
    )
  sameSequence(comparison, 'Job counts', counts(comparison.model), counts(comparison.recorded))
  if (!comparison.recorded.some(({ kind, state }) => kind === 'job' && Number(state.fail) > 0)) return
  const created = (changes: readonly Change[]): number[] =>
    changes.filter(({ kind, event }) => kind === 'pod' && event === 'A').map(({ t }) => t)
  const ours = created(comparison.model)
  for (const [i, t] of created(comparison.recorded).entries()) {
    if (ours[i] !== undefined && Math.abs(ours[i] - t) <= BACK_OFF_SPREAD_MS) continue
    comparison.tally.fail(id(comparison, 'Job back-off'), `pod ${i + 1}: recorded at ${Math.round(t)} ms, model at ${ours[i] ?? 'never'}`)
    return
  }
  comparison.tally.pass()
}

/** CronJob: its Jobs are a minute apart and named by the minute. */
export function checkCronJob(comparison: Comparison): void {
  const crons = names(comparison.recorded, 'cj')
  if (crons.length === 0) return
  const jobs = (changes: readonly Change[]): string[] => {
    const own = changes.filter(({ kind, event, state }) => kind === 'job' && event === 'A' && crons.includes(String(state.own)))
    const first = Number(own[0]?.name.split('-').at(-1))
    return own.map(({ name }) => `${name.slice(0, name.lastIndexOf('-'))}, minute +${Number(name.split('-').at(-1)) - first}`)
  }
  sameSequence(comparison, 'CronJob names', jobs(comparison.model), jobs(comparison.recorded))
}

/** DaemonSet: what happens on one node, in order of versions. */
export function checkDaemonSet(comparison: Comparison): void {
  const sets = names(comparison.recorded, 'ds')
  if (sets.length === 0) return
  const course = (changes: readonly Change[]): string[] => {
    const nodes = new Map<string, string[]>()
    for (const { kind, event, delta, state } of changes) {
      if (kind !== 'pod' || !sets.includes(String(state.own))) continue
      const node = String(state.node ?? '')
      const own = nodes.get(node) ?? []
      nodes.set(node, own)
      if (delta.node !== undefined && event === 'M') own.push(`v${state.v} bound`)
      if ((delta.c as Record<string, string> | undefined)?.Ready === 'True') own.push(`v${state.v} ready`)
      if (event === 'D') own.push(`v${state.v} gone`)
    }
    nodes.delete('')
    const texts = [...nodes.values()].map((own) => JSON.stringify(own))
    return JSON.parse(texts.sort()[Math.floor(texts.length / 2)] ?? '[]')
  }
  sameSequence(comparison, 'DaemonSet on one node', course(comparison.model), course(comparison.recorded))
}

function names(changes: readonly Change[], kind: string): string[] {
  return [...new Set(changes.filter((change) => change.kind === kind).map(({ name }) => name))]
}
