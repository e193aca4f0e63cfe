import type { DeploymentStrategy, IntOrString } from '../../../src/api/objects/index.ts'
import {
  maxUnavailableOf,
  newReplicaSetSize,
  oldReplicaSetSizes,
  proportionalSizes,
  rolloutBounds,
} from '../../../src/control-plane/controllers/rolling-update.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** What the Deployment controller's functions of Kubernetes v1.36.2 answered, and whole rollouts, one reconcile a step. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    const checkCategory = CATEGORIES.get(row.category)
    if (checkCategory === undefined) tally.skip(row.id, `"${row.category}" is no function of the model`)
    else tally.attempt(row.id, () => checkCategory(row, tally))
  }
  return tally
}

const CATEGORIES: ReadonlyMap<string, (row: Case, tally: Tally) => void> = new Map([
  ['resolveFenceposts', checkBounds],
  ['newRSNewReplicas', checkNewSize],
  ['maxUnavailable', checkMaxUnavailable],
  ['proportionalScale', checkProportions],
  ['rolloutTrajectory', checkTrajectory],
])

function rolling(maxSurge: IntOrString, maxUnavailable: IntOrString): DeploymentStrategy {
  return { type: 'RollingUpdate', maxSurge, maxUnavailable }
}

function checkBounds({ id, input, expected }: Case, tally: Tally): void {
  if (expected.error !== undefined) tally.skip(id, 'a text that is no percentage is refused when the manifest is read')
  else if (input.maxSurge === null || input.maxUnavailable === null)
    tally.skip(id, 'a missing bound gets its default when the manifest is read')
  else tally.same(id, rolloutBounds(rolling(input.maxSurge, input.maxUnavailable), input.desired), expected)
}

function checkNewSize({ id, input, expected }: Case, tally: Tally): void {
  const strategy: DeploymentStrategy = { type: input.strategy, maxSurge: input.maxSurge, maxUnavailable: 0 }
  const all = [
    { desired: input.sumOfAllReplicaSets - input.newRSReplicas, available: 0 },
    { desired: input.newRSReplicas, available: 0 },
  ]
  tally.same(id, newReplicaSetSize(strategy, input.deploymentReplicas, all, input.newRSReplicas), expected.newRSReplicas)
}

function checkMaxUnavailable({ id, input, expected }: Case, tally: Tally): void {
  const strategy = { type: input.strategy, maxSurge: input.maxSurge ?? 0, maxUnavailable: input.maxUnavailable ?? 0 }
  tally.same(id, maxUnavailableOf(strategy, input.replicas), expected)
}

function checkProportions({ id, input, expected }: Case, tally: Tally): void {
  const sets: Case[] = [...(input.newRS === null ? [] : [input.newRS]), ...input.oldRSs].filter((rs) => rs.replicas > 0)
  if (sets.length < 2) {
    tally.skip(id, 'a single ReplicaSet with pods is set to the wished number, without proportions')
    return
  }
  const { replicas, strategy } = input.deployment
  const before = input.oldDeployment
  const bounds = (spec: Case, n: number) =>
    rolloutBounds(rolling(spec.rollingUpdate?.maxSurge ?? 0, spec.rollingUpdate?.maxUnavailable ?? 0), n)
  const previousSurge = bounds(before.strategy, before.replicas).maxSurge
  const sizes = proportionalSizes(
    bounds(strategy, replicas),
    replicas,
    sets.map((rs) => ({
      desired: rs.replicas,
      previousMax: (input.desiredReplicasAnnotations?.[rs.name] ?? before.replicas) + previousSurge,
    })),
  )
  const wanted = new Map(
    [...(expected.newRS === null ? [] : [expected.newRS]), ...expected.oldRSs].map((rs: Case) => [rs.name, rs.replicas]),
  )
  tally.same(
    id,
    sets.map((rs, i) => [rs.name, sizes[i]]),
    sets.map((rs) => [rs.name, wanted.get(rs.name)]),
  )
}

/** The availability of each step is the recording's; the sizes are ours. */
function checkTrajectory({ id, input, expected }: Case, tally: Tally): void {
  const strategy = rolling(input.maxSurge, input.maxUnavailable)
  let current: number = input.newReplicas
  let old: number = input.oldReplicas
  for (const [i, step] of expected.steps.entries()) {
    const all = [
      { desired: old, available: 0 },
      { desired: current, available: 0 },
    ]
    const grown = Math.max(current, newReplicaSetSize(strategy, input.replicas, all, current))
    if (grown === current) {
      const sets = [{ desired: old, available: step.oldAvail }]
      const news = { desired: current, available: step.newAvail }
      old = oldReplicaSetSizes(maxUnavailableOf(strategy, input.replicas), input.replicas, sets, news)[0]!
    }
    current = grown
    if (current !== step.new || old !== step.old) {
      tally.fail(id, `step ${i}: expected new ${step.new} and old ${step.old}, got new ${current} and old ${old}`)
      return
    }
  }
  tally.pass()
}
