import { crashEtcdMember, type EtcdMemberCrash } from './etcd-member-crash.ts'
import { type EtcdPartition, partitionEtcd } from './etcd-partition.ts'
import { type EtcdSlowDisk, slowEtcdDisk } from './etcd-slow-disk.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { crashNode, type NodeCrash } from './node-crash.ts'

export type { EtcdMemberCrash } from './etcd-member-crash.ts'
export type { EtcdPartition } from './etcd-partition.ts'
export type { EtcdSlowDisk } from './etcd-slow-disk.ts'
export type { FaultReport, FaultTarget } from './fault.ts'
export type { NodeCrash } from './node-crash.ts'

/** Every fault there is: one more is a file beside this one and a line in each of these two. */
export type Fault = NodeCrash | EtcdMemberCrash | EtcdSlowDisk | EtcdPartition

const FAULTS: { readonly [K in Fault['kind']]: (fault: Extract<Fault, { kind: K }>, target: FaultTarget, report: FaultReport) => void } = {
  'node-crash': crashNode,
  'etcd-member-crash': crashEtcdMember,
  'etcd-slow-disk': slowEtcdDisk,
  'etcd-partition': partitionEtcd,
}

/** Strikes now, and writes into `report` what became of it. */
export function strike(fault: Fault, target: FaultTarget, report: FaultReport): void {
  FAULTS[fault.kind](fault, target, report)
}
