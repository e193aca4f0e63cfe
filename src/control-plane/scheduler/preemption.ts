import { type LabelSelector, matchesSelector } from '../../api/labels.ts'
import type { Pod } from '../../api/objects/index.ts'
import type { RandomStream } from '../../engine/random-stream.ts'
import { conditionOf } from '../conditions.ts'
import type { ClusterCache } from './cluster-cache.ts'
import { noNodeMessage } from './feasible-nodes.ts'
import type { NodeInfo } from './node-info.ts'
import type { NominatedPods } from './nominated-pods.ts'
import type { Rejection } from './plugin.ts'
import type { PodInfo } from './pod-info.ts'
import type { NodeVerdict, PreparedPod } from './prepared-pod.ts'

/** Source: minCandidateNodesPercentage and minCandidateNodesAbsolute of DefaultPreemption. */
export const CANDIDATES_PERCENT = 10
export const CANDIDATES_MIN = 100
/** Keeps sums of priorities above zero. Source: preemption.go (pickOneNodeForPreemption): MaxInt32 + 1. */
const PRIORITY_OFFSET = 2_147_483_648

export const PREEMPTED_CONDITION = 'DisruptionTarget'
export const PREEMPTED_REASON = 'PreemptionByScheduler'

/** What the scheduler reads of a PodDisruptionBudget. */
export interface DisruptionBudget {
  readonly metadata: { readonly namespace: string; readonly name: string }
  readonly spec: { readonly selector: LabelSelector | null }
  readonly status: { readonly disruptionsAllowed: number; readonly disruptedPods?: Readonly<Record<string, unknown>> }
}

/** A node on which the pod would fit without these pods, the most important of them first. */
export interface Candidate {
  readonly node: NodeInfo
  readonly victims: readonly PodInfo[]
  readonly violations: number
}

/** What preemption looks at. */
export interface PreemptionInput {
  readonly prepared: PreparedPod
  readonly cluster: ClusterCache
  readonly nominated: NominatedPods
  readonly verdicts: ReadonlyMap<NodeInfo, NodeVerdict>
  readonly budgets: readonly DisruptionBudget[]
  readonly rng: RandomStream
}

/** The node to make room on, or why there is none. */
export type PreemptionResult =
  | { readonly ok: true; readonly candidate: Candidate; readonly candidates: number }
  | { readonly ok: false; readonly message: string }

/**
 * Looks for the node where driving out pods of lower priority does the least harm. Nothing is changed: each node is tried on a
 * copy.
 *
 * Source: Kubernetes v1.36.2 pkg/scheduler/framework/preemption/preemption.go, plugins/defaultpreemption/default_preemption.go.
 */
export function findPreemption(input: PreemptionInput): PreemptionResult {
  const { prepared, cluster, verdicts, rng } = input
  const refusal = notEligible(input)
  if (refusal !== null) return { ok: false, message: refusal }
  const outcomes: (readonly string[])[] = []
  const potential: NodeInfo[] = []
  for (const node of cluster.nodes) {
    if (verdicts.get(node)?.rejection.code === 'Unschedulable') potential.push(node)
    else outcomes.push(['Preemption is not helpful for scheduling'])
  }
  const good: Candidate[] = []
  const bad: Candidate[] = []
  if (potential.length > 0) {
    const enough = Math.min(potential.length, Math.max(CANDIDATES_MIN, Math.trunc((potential.length * CANDIDATES_PERCENT) / 100)))
    const offset = rng.below(potential.length)
    for (let i = 0; i < potential.length; i++) {
      const node = potential[(offset + i) % potential.length]!
      const result = selectVictims(prepared, node, input)
      if ('code' in result) outcomes.push(result.reasons)
      else (result.violations === 0 ? good : bad).push(result)
      if (good.length > 0 && good.length + bad.length >= enough) break
    }
  }
  const candidates = [...good, ...bad]
  const candidate = pickCandidate(candidates)
  if (candidate === null) return { ok: false, message: noNodeMessage(cluster.nodes.length, outcomes) }
  return { ok: true, candidate, candidates: candidates.length }
}

/** Source: default_preemption.go (PodEligibleToPreemptOthers). */
function notEligible({ prepared, cluster, nominated, verdicts }: PreemptionInput): string | null {
  const { pod, key } = prepared.info
  if (pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const promised = nominated.nodeOf(key)
  const node = promised === undefined ? undefined : cluster.node(promised)
  if (node === undefined || verdicts.get(node)?.rejection.code === 'UnschedulableAndUnresolvable') return null
  for (const other of node.pods.values()) {
    if (other.pod.spec.priority < pod.spec.priority && isBeingPreempted(other.pod)) {
      return 'not eligible due to a terminating pod on the nominated node.'
    }
  }
  return null
}

function isBeingPreempted({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp === null) return false
  const condition = conditionOf(status.conditions, PREEMPTED_CONDITION)
  return condition?.status === 'True' && condition.reason === PREEMPTED_REASON
}

/**
 * Takes all pods of lower priority away and, if the pod then fits, puts back as many as possible: first those whose budget would
 * be broken, the most important first.
 */
export function selectVictims(
  prepared: PreparedPod,
  node: NodeInfo,
  { nominated, budgets }: Pick<PreemptionInput, 'nominated' | 'budgets'>,
): Candidate | Rejection {
  const { priority } = prepared.info.pod.spec
  if (!node.hasLower(priority)) return { code: 'UnschedulableAndUnresolvable', reasons: ['No preemption victims found for incoming pod'] }
  const lower = [...node.pods.values()].filter(({ pod }) => pod.spec.priority < priority)
  const trial = node.copy()
  const away = new Set<PodInfo>()
  const takeAway = (info: PodInfo): void => {
    trial.remove(info)
    prepared.suppose(info, trial, -1)
    away.add(info)
  }
  const putBack = (info: PodInfo): void => {
    trial.add(info)
    prepared.suppose(info, trial, 1)
    away.delete(info)
  }
  for (const info of lower) takeAway(info)
  const verdict = prepared.verdictBeside(nominated, trial)
  let violations = 0
  if (verdict === null) {
    const { violating, others } = splitByBudget(lower.toSorted(byImportance), budgets)
    const stays = (info: PodInfo): boolean => {
      putBack(info)
      if (prepared.verdictBeside(nominated, trial) === null) return true
      takeAway(info)
      return false
    }
    for (const info of violating) if (!stays(info)) violations++
    for (const info of others) stays(info)
  }
  const victims = [...away].toSorted(byImportance)
  for (const info of victims) putBack(info)
  return verdict === null ? { node, victims, violations } : verdict.rejection
}

/** Higher priority first, then who has run longer. Source: pkg/scheduler/util/utils.go (MoreImportantPod). */
function byImportance(a: PodInfo, b: PodInfo): number {
  return b.pod.spec.priority - a.pod.spec.priority || startOf(a) - startOf(b) || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
}

/** A pod that has not started counts as started now. */
function startOf({ pod }: PodInfo): number {
  return pod.status.startTime ?? Number.MAX_SAFE_INTEGER
}

/** Each budget is spent pod by pod, in the order given. Source: default_preemption.go (filterPodsWithPDBViolation). */
function splitByBudget(
  pods: readonly PodInfo[],
  budgets: readonly DisruptionBudget[],
): { violating: readonly PodInfo[]; others: readonly PodInfo[] } {
  if (budgets.length === 0) return { violating: [], others: pods }
  const left = budgets.map(({ status }) => status.disruptionsAllowed)
  const violating: PodInfo[] = []
  const others: PodInfo[] = []
  for (const info of pods) {
    const { labels, namespace, name } = info.pod.metadata
    let broken = false
    if (Object.keys(labels).length > 0) {
      for (const [i, { metadata, spec, status }] of budgets.entries()) {
        if (metadata.namespace !== namespace || spec.selector === null || isEmpty(spec.selector)) continue
        if (!matchesSelector(spec.selector, labels) || Object.hasOwn(status.disruptedPods ?? {}, name)) continue
        left[i]! -= 1
        if (left[i]! < 0) broken = true
      }
    }
    ;(broken ? violating : others).push(info)
  }
  return { violating, others }
}

function isEmpty(selector: LabelSelector): boolean {
  return Object.keys(selector.matchLabels).length + selector.matchExpressions.length === 0
}

/**
 * Fewest broken budgets; lowest priority of the most important victim; smallest sum of priorities; fewest victims; latest start
 * of the most important victims; the first.
 *
 * Source: preemption.go (pickOneNodeForPreemption).
 */
export function pickCandidate(candidates: readonly Candidate[]): Candidate | null {
  let best = candidates
  for (const criterion of CRITERIA) {
    if (best.length <= 1) break
    const scores = best.map(criterion)
    const most = scores.reduce((a, b) => Math.max(a, b))
    best = best.filter((_, i) => scores[i] === most)
  }
  return best[0] ?? null
}

/** The larger the better. */
const CRITERIA: readonly ((candidate: Candidate) => number)[] = [
  ({ violations }) => -violations,
  ({ victims }) => -(victims[0]?.pod.spec.priority ?? Number.NEGATIVE_INFINITY),
  ({ victims }) => -victims.reduce((sum, { pod }) => sum + pod.spec.priority + PRIORITY_OFFSET, 0),
  ({ victims }) => -victims.length,
  ({ victims }) => {
    const priority = victims[0]?.pod.spec.priority
    const starts = victims.filter(({ pod }) => pod.spec.priority === priority).map(startOf)
    return starts.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER)
  },
]
