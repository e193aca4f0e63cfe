import type { Node } from '../../../api/objects/index.ts'
import type { NodeInfo } from '../node-info.ts'
import type { Rejection, SchedulerPlugin } from '../plugin.ts'
import { podRequests, type Requests } from '../pod-resources.ts'
import { LEAST_ALLOCATED, type ScoringStrategy, strategyScore } from './scoring-strategy.ts'

/**
 * The node has room for what the pod asks for. A resource that it does not ask for is not looked at.
 *
 * Source: Kubernetes v1.36.2 plugins/noderesources/fit.go.
 */
export function nodeResourcesFit(strategy: ScoringStrategy = LEAST_ALLOCATED): SchedulerPlugin {
  return {
    name: 'NodeResourcesFit',
    filter: ({ requests }) => ({ reject: (node) => lacking(requests, node) }),
    score: (pod, nodes) => nodes.map((node) => strategyScore(strategy, pod, node)),
    requeue: [
      { on: ['Pod deleted'] },
      { on: ['Node added'], mayHelp: (pod, event) => event.kind === 'Node added' && couldHold(event.node, podRequests(pod)) },
      {
        on: ['Node updated'],
        mayHelp: (pod, event) =>
          event.kind === 'Node updated' &&
          event.node.status.allocatable !== event.before.status.allocatable &&
          couldHold(event.node, podRequests(pod)) &&
          hasGrown(event.before, event.node, podRequests(pod)),
      },
      {
        on: ['own update', 'Pod updated'],
        mayHelp: (_pod, event) =>
          (event.kind === 'own update' || event.kind === 'Pod updated') && isLess(podRequests(event.pod), podRequests(event.before)),
      },
    ],
  }
}

/** What there is too little of; null when there is enough of everything. A node that could not hold it empty is no use to preempt on. */
function lacking(requests: Requests, info: NodeInfo): Rejection | null {
  const { allocatable } = info.node.status
  let reasons: string[] | null = null
  let resolvable = true
  if (info.pods.size + 1 > allocatable.pods) reasons = ['Too many pods']
  const check = (name: string, wanted: number, used: number, capacity: number): void => {
    if (wanted === 0 || wanted <= capacity - used) return
    reasons ??= []
    reasons.push(`Insufficient ${name}`)
    if (wanted > capacity) resolvable = false
  }
  check('cpu', requests.cpuMilli, info.cpuMilli, allocatable.cpuMilli)
  check('memory', requests.memoryBytes, info.memoryBytes, allocatable.memoryBytes)
  if (requests.others.size > 0) {
    for (const [name, wanted] of requests.others) check(name, wanted, info.others.get(name) ?? 0, allocatable.others?.[name] ?? 0)
  }
  return reasons === null ? null : { code: resolvable ? 'Unschedulable' : 'UnschedulableAndUnresolvable', reasons }
}

function couldHold({ status: { allocatable } }: Node, requests: Requests): boolean {
  if (allocatable.pods < 1 || requests.cpuMilli > allocatable.cpuMilli || requests.memoryBytes > allocatable.memoryBytes) return false
  for (const [name, wanted] of requests.others) if (wanted > (allocatable.others?.[name] ?? 0)) return false
  return true
}

function hasGrown(before: Node, after: Node, requests: Requests): boolean {
  const old = before.status.allocatable
  const now = after.status.allocatable
  if (now.pods > old.pods) return true
  if (requests.cpuMilli > 0 && now.cpuMilli > old.cpuMilli) return true
  if (requests.memoryBytes > 0 && now.memoryBytes > old.memoryBytes) return true
  for (const name of requests.others.keys()) if ((now.others?.[name] ?? 0) > (old.others?.[name] ?? 0)) return true
  return false
}

function isLess(now: Requests, before: Requests): boolean {
  if (now.cpuMilli < before.cpuMilli || now.memoryBytes < before.memoryBytes) return true
  for (const [name, amount] of before.others) if ((now.others.get(name) ?? 0) < amount) return true
  return false
}
