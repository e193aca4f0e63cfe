import type { DistributionSpec } from '../engine/distributions.ts'
import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { endsOf, type LinkFault, listEnds } from './link-sides.ts'

/** What a fault does to the links that it is about, and how it is told. */
export interface Disturbing {
  readonly loss: number
  readonly delay: DistributionSpec | null
  /** Of the machines: `were cut off from each other`. */
  readonly began: string
  readonly ended: string
  /** Of packets: `lost`. */
  readonly packets: string
}

/** Disturbs links from now on, for `duration`, or to the end when that is null. It takes effect with the first packet or connection that it touches. */
export function disturbLinks(
  fault: LinkFault & { readonly duration: Nanos | null },
  target: FaultTarget,
  report: FaultReport,
  { loss, delay, began, ended, packets }: Disturbing,
): void {
  const { sim, trace, links } = target
  const { duration, oneWay } = fault
  const { from, to } = endsOf(fault, target)
  const length = duration === null ? 'for good' : `for ${duration / SECOND} s`
  const ways = `${listEnds(from)} ${oneWay ? 'to' : 'and'} ${listEnds(to)}`
  if (from.length === 0 || to.length === 0) {
    report.effect = `there is no link between ${listEnds(from)} and ${listEnds(to)}`
    return
  }
  const count = { packet: 0, connection: 0 }
  const what = `links of ${ways} ${began} ${length}`
  report.effect = `${what}, and nothing was sent there`
  const end = links.disturb({
    from,
    to,
    oneWay,
    loss,
    delay,
    touched: (kind) => {
      count[kind]++
      report.tookEffect = true
      const held = count.connection === 0 ? '' : `, ${count.connection} connections to API servers were held up`
      report.effect = `${what}: ${count.packet} ${count.packet === 1 ? 'packet was' : 'packets were'} ${packets}${held}`
    },
  })
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: `links ${began}`, subject: ways, detail: length })
  if (duration === null) return
  sim.after(duration, () => {
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: `links ${ended}`, subject: ways })
    end()
  })
}
