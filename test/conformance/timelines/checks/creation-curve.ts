import { type Comparison, creations, id } from './comparison.ts'
import { hasSpentBurst, SPENT } from './spent-burst.ts'

/** The burst of the client (`--kube-api-burst`): how fast that many pods come is the machine's, after them the rate's. */
const BURST = 30
/** Two recordings of the same creation differ by so much. */
const SPREAD_MS = 150
const SPREAD_SHARE = 0.02

/** When the k-th pod of one command is created: a rate of the client, where there are enough of them. */
export function checkCreationCurve(comparison: Comparison): void {
  const next = comparison.recording.commands.filter(({ text }) => text !== 'POST returned')[1]?.t ?? Number.POSITIVE_INFINITY
  const expected = creations(comparison.recorded, next)
  const { maxSurge, maxUnavailable } = comparison.recording.meta
  // Where pods are replaced one by one, they wait for one another.
  if (expected.length <= BURST || [maxSurge, maxUnavailable].sort().join() === '0,1') return
  if (hasSpentBurst(comparison)) {
    comparison.tally.skip(id(comparison, 'creation curve'), SPENT)
    return
  }
  const got = creations(comparison.model, next)
  for (const [k, at] of expected.entries()) {
    if (k < BURST) continue
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
