import type { Change } from '../recording.ts'
import { type Comparison, id } from './comparison.ts'

/** Fewer pods at once do not meet the client's rate limit (20 a second, burst 30). */
const FROM_PODS = 30
/** Two recordings of the same creation differ by so much. */
const SPREAD_MS = 150
const SPREAD_SHARE = 0.1

/** When the k-th pod of one command is created: a rate of the client, where there are enough of them. */
export function checkCreationCurve(comparison: Comparison): void {
  const next = comparison.recording.commands.filter(({ text }) => text !== 'POST returned')[1]?.t ?? Number.POSITIVE_INFINITY
  const expected = creations(comparison.recorded, next)
  if (expected.length < FROM_PODS) return
  const got = creations(comparison.model, next)
  for (const [k, at] of expected.entries()) {
    const ours = got[k]
    if (ours !== undefined && Math.abs(ours - at) <= SPREAD_MS + SPREAD_SHARE * at) continue
    comparison.tally.fail(
      id(comparison, 'creation curve'),
      `pod ${k + 1} of ${expected.length}: recorded after ${Math.round(at)} ms, model ${ours === undefined ? 'never' : `after ${Math.round(ours)} ms`}`,
    )
    return
  }
  comparison.tally.pass()
}

export function creations(changes: readonly Change[], until = Number.POSITIVE_INFINITY): number[] {
  return changes.filter(({ kind, event, t }) => kind === 'pod' && event === 'A' && t >= 0 && t < until).map(({ t }) => t)
}
