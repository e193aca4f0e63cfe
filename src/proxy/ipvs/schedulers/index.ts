/** The IPVS schedulers by their kernel names. */
import type { SchedulerFactory } from '../scheduler.ts'
import { destinationHashing } from './dh.ts'
import { failover } from './fo.ts'
import { localityBasedLeastConnection } from './lblc.ts'
import { localityBasedLeastConnectionWithReplication } from './lblcr.ts'
import { leastConnection } from './lc.ts'
import { maglevHashing } from './mh.ts'
import { neverQueue } from './nq.ts'
import { overflow } from './ovf.ts'
import { roundRobin } from './rr.ts'
import { shortestExpectedDelay } from './sed.ts'
import { sourceHashing } from './sh.ts'
import { powerOfTwos } from './twos.ts'
import { weightedLeastConnection } from './wlc.ts'
import { weightedRoundRobin } from './wrr.ts'

/** As `ipvsadm -s` calls them. */
export type SchedulerName = 'rr' | 'wrr' | 'lc' | 'wlc' | 'lblc' | 'lblcr' | 'dh' | 'sh' | 'sed' | 'nq' | 'fo' | 'ovf' | 'mh' | 'twos'

export const SCHEDULERS: Readonly<Record<SchedulerName, SchedulerFactory>> = {
  rr: roundRobin,
  wrr: weightedRoundRobin,
  lc: leastConnection,
  wlc: weightedLeastConnection,
  lblc: localityBasedLeastConnection,
  lblcr: localityBasedLeastConnectionWithReplication,
  dh: destinationHashing,
  sh: sourceHashing,
  sed: shortestExpectedDelay,
  nq: neverQueue,
  fo: failover,
  ovf: overflow,
  mh: maglevHashing,
  twos: powerOfTwos,
}

export const SCHEDULER_NAMES = Object.keys(SCHEDULERS) as readonly SchedulerName[]

export function isSchedulerName(name: string): name is SchedulerName {
  return Object.hasOwn(SCHEDULERS, name)
}
