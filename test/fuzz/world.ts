import type { Dice } from './dice.ts'

/** What a random scenario has so far: verbs and faults refer to it. */
export interface World {
  readonly dice: Dice
  readonly nodes: readonly string[]
  /** Minor version of Kubernetes. */
  readonly version: number
  readonly etcdMembers: number
  readonly apiServers: number
  readonly workloads: Workload[]
  /** Counts image versions, so that every roll-out is one. */
  images: number
  /** How many pods the namespace may hold; null for any number. */
  quotaPods: number | null
}

export type WorkloadKind = 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Job'

/** A workload of the manifests, with the Service before it. */
export interface Workload {
  readonly kind: WorkloadKind
  readonly name: string
  /** Has a HorizontalPodAutoscaler: one is enough, since two of the same pods do nothing. */
  autoscaled: boolean
  /** Deleted by a verb: later verbs leave it alone. */
  deleted: boolean
}

/** One of those that are there, or null. */
export function anyOf(world: World, kinds: readonly WorkloadKind[]): Workload | null {
  const there = world.workloads.filter((workload) => !workload.deleted && kinds.includes(workload.kind))
  return there.length === 0 ? null : world.dice.pick(there)
}

/** As kubectl names it. */
export function named({ kind, name }: Workload): string {
  return `${kind.toLowerCase()}/${name}`
}

/** Pods that serve, and not only Jobs. */
export function hasServers({ workloads }: World): boolean {
  return workloads.some(({ kind }) => kind !== 'Job')
}

/** Pods that pass requests on: an Ingress controller's, or a Gateway's. */
export function isController(name: string): boolean {
  return name === 'edge' || name === 'gate'
}
