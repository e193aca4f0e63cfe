import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { DnsAnswer } from '../workload/dns-failures.ts'
import type { FaultReport, FaultTarget } from './fault.ts'

/**
 * The servers of the cluster's DNS read queries and do their work, but a share of the queries, chosen for each alone, has no answer of use, for
 * `duration`, or to the end when that is null.
 *
 * - `none`: nothing comes back, and the client waits for its time-out.
 * - `servfail`: the answer is SERVFAIL, which the client takes as no answer, and asks again at once.
 *
 * Queries that come while several are on are drawn for each in turn, the first one's before; the first that hits decides.
 */
export interface DnsFailure {
  readonly kind: 'dns-failure'
  readonly answer: DnsAnswer
  /** Above 0, to 1. */
  readonly share: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function failDns(fault: DnsFailure, { sim, trace, dice, failDns }: FaultTarget, report: FaultReport): void {
  const { answer, share, duration } = fault
  const length = duration === null ? 'for good' : `for ${duration / SECOND} s`
  const what = answer === 'none' ? 'had no answer' : 'had SERVFAIL for an answer'
  let queries = 0
  let lookups = 0
  report.effect = `no query was struck ${length}`
  const end = failDns(
    () => (dice.uniform() < share ? answer : null),
    (isFirst) => {
      queries++
      if (isFirst) lookups++
      report.tookEffect = true
      report.effect = `${queries} ${queries === 1 ? 'query' : 'queries'} of ${lookups} ${lookups === 1 ? 'lookup' : 'lookups'} ${what}`
    },
  )
  if (end === null) {
    report.effect = 'nobody looks names up'
    return
  }
  const subject = 'DNS'
  const detail = `${answer}, ${length}`
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'DNS began to fail', subject, detail })
  if (duration === null) return
  sim.after(duration, () => {
    end()
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: 'DNS answers as before', subject })
  })
}
