import { type BackOffRecord, NO_FAILURES, remainingBackOff, withFinished } from '../../../src/control-plane/controllers/job-back-off.ts'
import { milliseconds, seconds } from '../../../src/units.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** How long a Job of Kubernetes v1.36.2 makes no pod after failures. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    const checkCategory = CATEGORIES.get(row.category)
    if (checkCategory === undefined) tally.skip(row.id, `"${row.category}" is no function of the model`)
    else tally.attempt(row.id, () => checkCategory(row, tally))
  }
  return tally
}

const CATEGORIES: ReadonlyMap<string, (row: Case, tally: Tally) => void> = new Map([
  ['backoffRecord', checkRecord],
  ['remainingBackoff', checkRemaining],
  ['remainingBackoffPerIndex', (row, tally) => tally.skip(row.id, 'backoffLimitPerIndex is not modelled')],
])

/** The failures before are told by the name of the case alone. */
function checkRecord({ id, input, expected }: Case, tally: Tally): void {
  const failures = Number(/having failure count (\d+)/.exec(id)?.[1] ?? 0)
  const before: BackOffRecord = failures === 0 ? NO_FAILURES : { failures, lastFailure: null }
  const failedAt: number[] = input.newFailedPods.map(sinceStart)
  const succeededAt: number[] = input.newSucceededPods.map(sinceStart)
  const ties = failedAt.filter((time) => time === Math.max(...succeededAt)).length
  const after = withFinished(before, failedAt, succeededAt)
  if (ties > 0) {
    const wanted: number = expected.failuresAfterLastSuccess
    if (wanted < after.failures || wanted > after.failures + ties) tally.fail(id, `expected ${wanted} failures, got ${after.failures}`)
    else tally.skip(id, 'the recording has whole seconds, and a failure in the second of the last success may be before or after it')
    return
  }
  tally.same(
    id,
    { failures: after.failures, lastFailure: after.lastFailure },
    {
      failures: expected.failuresAfterLastSuccess,
      lastFailure: expected.lastFailureTime === null ? null : sinceStart(expected.lastFailureTime),
    },
  )
}

function checkRemaining({ id, input, expectedSeconds }: Case, tally: Tally): void {
  const lastFailure = input.lastFailureTime === null ? null : sinceStart(input.lastFailureTime)
  const record: BackOffRecord = { failures: input.failuresAfterLastSuccess, lastFailure }
  const remaining = remainingBackOff(record, sinceStart(input.now), seconds(input.baseSeconds), seconds(input.maxSeconds))
  tally.same(id, remaining, seconds(expectedSeconds))
}

const START = Date.parse('2009-11-10T00:00:00Z')

/** Simulated time counts from a day shortly before: since 1970 it would not be exact. */
function sinceStart(iso: string): number {
  return milliseconds(Date.parse(iso) - START)
}
