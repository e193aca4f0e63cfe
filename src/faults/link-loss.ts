import type { Nanos } from '../units.ts'
import { disturbLinks } from './disturb-links.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import type { LinkFault } from './link-sides.ts'

/**
 * Links lose a share of the packets of requests. Simplified: connections to the API servers and between members of etcd, which repeat what is
 * lost, are left as they are; only {@link Partition} concerns them.
 */
export interface LinkLoss extends LinkFault {
  readonly kind: 'link-loss'
  /** Above 0 and below 1. */
  readonly loss: number
  readonly duration: Nanos | null
}

/** Strikes now. */
export function loseOnLinks(fault: LinkLoss, target: FaultTarget, report: FaultReport): void {
  const { loss } = fault
  const began = `lost ${Math.round(loss * 1e6) / 1e4}% of packets`
  disturbLinks(fault, target, report, { loss, delay: null, began, ended: 'lose no more than before', packets: 'lost' })
}
