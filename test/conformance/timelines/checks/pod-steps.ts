import type { Change } from '../recording.ts'
import { type Comparison, id, sameSequence } from './comparison.ts'

/**
 * Which writes one pod goes through, in order: the model's commonest course is one that was recorded, too. (Where a kubelet is busy,
 * writes are gathered, so that there are several.)
 */
export function checkPodSteps(comparison: Comparison): void {
  const expected = courses(comparison.recorded)
  const got = courses(comparison.model)
  for (const [sort, course] of expected) {
    const own = got.get(sort)
    if (comparison.recording.meta.token === true) {
      comparison.tally.skip(id(comparison, 'steps of a pod'), 'volumes of these pods waited for a token, an artefact of the recording')
    } else if (own === undefined) comparison.tally.fail(`${comparison.recording.name}/pod steps`, `the model has no pods that were ${sort}`)
    else {
      const same = course.find((text) => text === own[0])
      sameSequence(comparison, `steps of a pod that was ${sort}`, JSON.parse(own[0]!), JSON.parse(same ?? course[0]!))
    }
  }
}

/** By whether pods were kept or removed, the commonest first. */
function courses(changes: readonly Change[]): Map<string, string[]> {
  const pods = new Map<string, Change[]>()
  for (const change of changes) {
    if (change.kind !== 'pod') continue
    const own = pods.get(change.name)
    if (own === undefined) pods.set(change.name, [change])
    else own.push(change)
  }
  const counts = new Map<string, Map<string, number>>()
  for (const own of pods.values()) {
    if (own[0]!.event !== 'A') continue
    const last = own.at(-1)!
    // A pod that was caught on its way says nothing.
    if (last.event !== 'D' && (last.state.del !== undefined || !isReady(last))) continue
    const sort = last.event === 'D' ? 'removed' : 'kept'
    const course = JSON.stringify(stepsOf(own))
    let of = counts.get(sort)
    if (of === undefined) {
      of = new Map()
      counts.set(sort, of)
    }
    of.set(course, (of.get(course) ?? 0) + 1)
  }
  const commonestFirst = (of: Map<string, number>): string[] => [...of].sort((a, b) => b[1] - a[1]).map(([course]) => course)
  return new Map([...counts].map(([sort, of]) => [sort, commonestFirst(of)]))
}

function isReady({ state }: Change): boolean {
  return (state.c as Record<string, string> | undefined)?.Ready === 'True'
}

/**
 * One step a write that tells something. Two artefacts of hollow nodes are taken out: Ready=True that comes one write before phase
 * Running, and the readiness gate in place of a probe. PodReadyToStartContainers=True that comes alone and right before phase Running counts
 * as part of it: whether a kubelet gathers the two is a race in which 75 of 1,107 recorded pods had two writes.
 */
function stepsOf(changes: readonly Change[]): string[] {
  const steps: string[] = []
  let early = false
  let wasReady = false
  for (const { event, delta, state } of changes) {
    const facts: string[] = []
    if (event === 'A') facts.push('created')
    if (event === 'D') facts.push('gone')
    if (event === 'M' && delta.ph !== undefined) facts.push(`phase ${delta.ph}`)
    const conditions = (delta.c ?? {}) as Record<string, string>
    for (const [type, value] of Object.entries(conditions)) {
      if (type === 'ContainersReady' || type === 'lab/ready' || type === 'DisruptionTarget') continue
      if (type === 'Ready' && value.startsWith('False') && !wasReady) continue
      if (type === 'Ready' && value === 'True' && state.ph === 'Pending') {
        early = true
        continue
      }
      if (type === 'Ready') wasReady = value === 'True'
      facts.push(`${type}=${value}`)
    }
    if (early && delta.ph === 'Running') {
      facts.push('Ready=True')
      early = false
      wasReady = true
    }
    if (event === 'M' && delta.gr !== undefined) facts.push(`to be deleted within ${delta.gr} s`)
    if (steps.at(-1) === 'PodReadyToStartContainers=True' && delta.ph === 'Running') facts.push(steps.pop()!)
    if (facts.length > 0) steps.push(facts.sort().join(', '))
  }
  return steps
}
