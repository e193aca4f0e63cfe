import { isSchedulerName } from '../../../src/proxy/ipvs/schedulers/index.ts'
import { firstDifference } from '../../kernel/replay.ts'
import { casesIn, type Outcome, Tally } from './outcome.ts'

/** What a kernel's IPVS did, connection by connection; a trace passes as a whole, or says its first step that differs. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const trace of casesIn(file, 'traces')) {
    tally.attempt(trace.id, () => {
      if (!isSchedulerName(trace.scheduler)) {
        tally.skip(trace.id, `the scheduler ${trace.scheduler} is not modelled`)
        return
      }
      const difference = firstDifference(trace)
      if (difference === null) tally.pass()
      else tally.fail(trace.id, difference)
    })
  }
  return tally
}
