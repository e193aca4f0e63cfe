import type { DistributionSpec } from '../engine/distributions.ts'
import type { Nanos } from '../units.ts'
import { disturbLinks } from './disturb-links.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import type { LinkFault } from './link-sides.ts'

/** Packets of requests are longer on links than before. Simplified: connections to the API servers and of etcd are left as they are. */
export interface LinkDelay extends LinkFault {
  readonly kind: 'link-delay'
  /** What is added to the way of each packet. */
  readonly delay: DistributionSpec
  readonly duration: Nanos | null
}

/** Strikes now. */
export function delayOnLinks(fault: LinkDelay, target: FaultTarget, report: FaultReport): void {
  const { delay } = fault
  disturbLinks(fault, target, report, { loss: 0, delay, began: 'were slower', ended: 'are as fast as before', packets: 'delayed' })
}
