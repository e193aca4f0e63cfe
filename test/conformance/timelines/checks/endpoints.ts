import type { Change } from '../recording.ts'
import { type Comparison, deduped, id, sameSequence } from './comparison.ts'

/** How many more or fewer writes of slices are still "batched as recorded". */
const WRITES_FACTOR = 2

/** The conditions that an endpoint goes through (ready, serving, terminating), and into how many writes changes are gathered. */
export function checkEndpoints(comparison: Comparison): void {
  const expected = courses(comparison.recorded)
  if (expected.size === 0) return
  const got = courses(comparison.model)
  for (const [sort, courses] of expected) {
    const own = got.get(sort)?.[0] ?? '[]'
    const same = courses.find((text) => text === own || (isQuick(comparison) && withoutTerminating(text) === withoutTerminating(own)))
    if (same !== undefined) {
      comparison.tally.pass()
      continue
    }
    sameSequence(comparison, `endpoint that ${sort}`, JSON.parse(own), JSON.parse(courses[0]!))
  }
  const [ours, theirs] = [writes(comparison.model), writes(comparison.recorded)]
  if (ours <= theirs * WRITES_FACTOR + 2 && theirs <= ours * WRITES_FACTOR + 2) comparison.tally.pass()
  else comparison.tally.fail(id(comparison, 'endpoint writes'), `recorded ${theirs} writes of slices, model ${ours}`)
}

/** Pods that stop at once may be gone before anybody has told that they are terminating. */
function isQuick({ recording: { meta } }: Comparison): boolean {
  return Number(meta.preStopSleep ?? meta.pre ?? 0) === 0
}

function withoutTerminating(course: string): string {
  return JSON.stringify((JSON.parse(course) as string[]).filter((flags) => !flags.endsWith('T')))
}

function writes(changes: readonly Change[]): number {
  return changes.filter(({ kind, t }) => kind === 'eps' && t >= 0).length
}

/** The courses of endpoints that stay, and of those that go, the commonest first: changes that come close together are one write. */
function courses(changes: readonly Change[]): Map<string, string[]> {
  const endpoints = new Map<string, string[]>()
  for (const { kind, event, delta } of changes) {
    if (kind !== 'eps' || event === 'D') continue
    for (const [pod, flags] of Object.entries((delta.ep ?? {}) as Record<string, string | null>)) {
      const own = endpoints.get(pod)
      if (own === undefined) endpoints.set(pod, [flags ?? 'gone'])
      else own.push(flags ?? 'gone')
    }
  }
  const counts = new Map<string, Map<string, number>>()
  for (const course of endpoints.values()) {
    const end = course.at(-1)!
    if (end.endsWith('T') || end.startsWith('-')) continue
    const sort = end === 'gone' ? 'goes' : 'stays'
    const text = JSON.stringify(deduped(course))
    const of = counts.get(sort) ?? new Map<string, number>()
    counts.set(sort, of)
    of.set(text, (of.get(text) ?? 0) + 1)
  }
  return new Map([...counts].map(([sort, of]) => [sort, [...of].sort((a, b) => b[1] - a[1]).map(([text]) => text)]))
}
