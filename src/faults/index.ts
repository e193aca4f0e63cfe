import { type ApiServerCrash, crashApiServer } from './api-server-crash.ts'
import { type ApiServerSlow, slowApiServer } from './api-server-slow.ts'
import { type ClockSkew, skewClock } from './clock-skew.ts'
import { type ContainerCrash, crashContainers } from './container-crash.ts'
import { type DiskSlow, slowNodeDisk } from './disk-slow.ts'
import { type DnsFailure, failDns } from './dns-failure.ts'
import { crashEtcdMember, type EtcdMemberCrash } from './etcd-member-crash.ts'
import { type EtcdPartition, partitionEtcd } from './etcd-partition.ts'
import { type EtcdSlowDisk, slowEtcdDisk } from './etcd-slow-disk.ts'
import type { FaultReport, FaultTarget } from './fault.ts'
import { crashKubeProxy, type KubeProxyCrash } from './kube-proxy-crash.ts'
import { crashKubelet, type KubeletCrash } from './kubelet-crash.ts'
import { crashLeader, type LeaderCrash } from './leader-crash.ts'
import { delayOnLinks, type LinkDelay } from './link-delay.ts'
import { type LinkLoss, loseOnLinks } from './link-loss.ts'
import { crashMachine, type MachineCrash } from './machine-crash.ts'
import { leakMemory, type MemoryLeak } from './memory-leak.ts'
import { type NodeAgentSlow, slowNodeAgent } from './node-agent-slow.ts'
import { crashNode, type NodeCrash } from './node-crash.ts'
import { freezeNode, type NodeFreeze } from './node-freeze.ts'
import { type NodeReboot, rebootNode } from './node-reboot.ts'
import { type Partition, partition } from './partition.ts'
import { killPods, type PodKill } from './pod-kill.ts'
import { type PodSlow, slowPods } from './pod-slow.ts'
import { type ReplicaSlow, slowReplica } from './replica-slow.ts'

export type { ApiServerCrash } from './api-server-crash.ts'
export type { ApiServerSlow } from './api-server-slow.ts'
export type { ChoosingFault, HowMany, NodeChoice } from './choice.ts'
export type { ClockSkew } from './clock-skew.ts'
export type { ContainerCrash } from './container-crash.ts'
export type { DiskSlow } from './disk-slow.ts'
export type { DnsFailure } from './dns-failure.ts'
export type { EtcdMemberCrash } from './etcd-member-crash.ts'
export type { EtcdPartition } from './etcd-partition.ts'
export type { EtcdSlowDisk } from './etcd-slow-disk.ts'
export type { FaultReport, FaultTarget, LedComponentName, PodChoice } from './fault.ts'
export type { KubeProxyCrash } from './kube-proxy-crash.ts'
export type { KubeletCrash } from './kubelet-crash.ts'
export { LED_COMPONENTS, type LeaderCrash } from './leader-crash.ts'
export type { LinkDelay } from './link-delay.ts'
export type { LinkLoss } from './link-loss.ts'
export { type LinkFault, type LinkSide, OUTSIDE } from './link-sides.ts'
export type { MachineCrash } from './machine-crash.ts'
export type { MemoryLeak } from './memory-leak.ts'
export type { NodeAgentSlow } from './node-agent-slow.ts'
export type { NodeCrash } from './node-crash.ts'
export type { NodeFreeze } from './node-freeze.ts'
export type { NodeReboot } from './node-reboot.ts'
export type { Partition } from './partition.ts'
export type { PodKill } from './pod-kill.ts'
export type { PodSlow } from './pod-slow.ts'
export { type ReplicaSlow, SLOWED_COMPONENTS } from './replica-slow.ts'

/** Every fault there is: one more is a file beside this one and a line in each of these two. */
export type Fault =
  | NodeCrash
  | NodeReboot
  | NodeFreeze
  | KubeletCrash
  | DiskSlow
  | ClockSkew
  | PodKill
  | PodSlow
  | MemoryLeak
  | ContainerCrash
  | EtcdMemberCrash
  | EtcdPartition
  | EtcdSlowDisk
  | KubeProxyCrash
  | LeaderCrash
  | MachineCrash
  | ApiServerCrash
  | ApiServerSlow
  | ReplicaSlow
  | NodeAgentSlow
  | DnsFailure
  | Partition
  | LinkLoss
  | LinkDelay

type Of<K extends Fault['kind']> = Fault extends infer F
  ? F extends { readonly kind: infer Kinds }
    ? K extends Kinds
      ? F
      : never
    : never
  : never

const FAULTS: { readonly [K in Fault['kind']]: (fault: Of<K>, target: FaultTarget, report: FaultReport) => void } = {
  'node-crash': crashNode,
  'node-reboot': rebootNode,
  'node-freeze': freezeNode,
  'kubelet-crash': crashKubelet,
  'disk-slow': slowNodeDisk,
  'clock-skew': skewClock,
  'pod-kill': killPods,
  'pod-slow': slowPods,
  'memory-leak': leakMemory,
  'kube-proxy-crash': crashKubeProxy,
  'controller-manager-crash': crashLeader,
  'scheduler-crash': crashLeader,
  'machine-crash': crashMachine,
  'container-crash': crashContainers,
  'oom-kill': crashContainers,
  'etcd-member-crash': crashEtcdMember,
  'etcd-slow-disk': slowEtcdDisk,
  'etcd-partition': partitionEtcd,
  'api-server-crash': crashApiServer,
  'api-server-slow': slowApiServer,
  'controller-manager-slow': slowReplica,
  'scheduler-slow': slowReplica,
  'kubelet-slow': slowNodeAgent,
  'kube-proxy-slow': slowNodeAgent,
  'dns-failure': failDns,
  partition,
  'link-loss': loseOnLinks,
  'link-delay': delayOnLinks,
}

/** Strikes now, and writes into `report` what became of it. */
export function strike(fault: Fault, target: FaultTarget, report: FaultReport): void {
  const act = FAULTS[fault.kind] as (fault: Fault, target: FaultTarget, report: FaultReport) => void
  act(fault, target, report)
}
