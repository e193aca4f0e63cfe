import type { Nanos } from '../units.ts'
import { disturbLinks } from './disturb-links.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import type { LinkFault } from './link-sides.ts'

/**
 * Machines do not reach each other: nothing comes through, and nobody is told. Requests, connections to the API servers and what the members of
 * etcd say to each other are concerned alike; so are a load balancer's checks.
 */
export interface Partition extends LinkFault {
  readonly kind: 'partition'
  readonly duration: Nanos | null
}

/** Strikes now. */
export function partition(fault: Partition, target: FaultTarget, report: FaultReport): void {
  disturbLinks(fault, target, report, { loss: 1, delay: null, began: 'were cut', ended: 'are whole again', packets: 'lost' })
}
