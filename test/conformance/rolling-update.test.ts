import { describe, expect, test } from 'vitest'
import type { DeploymentStrategy, IntOrString } from '../../src/api/objects/index.ts'
import { compareForDeletion, type RankedPod } from '../../src/control-plane/controllers/pod-deletion-ranking.ts'
import {
  maxUnavailableOf,
  newReplicaSetSize,
  oldReplicaSetSizes,
  proportionalSizes,
  rolloutBounds,
} from '../../src/control-plane/controllers/rolling-update.ts'
import { SECOND } from '../../src/units.ts'
import { casesOf } from './shared-cases.ts'

const rolling = (maxSurge: IntOrString, maxUnavailable: IntOrString): DeploymentStrategy => ({
  type: 'RollingUpdate',
  maxSurge,
  maxUnavailable,
})

describe('the arithmetic of a rolling update gives what Kubernetes gives', () => {
  const file = casesOf('deployment-rolling.json')

  test.skipIf(file.absent)(`resolveFenceposts ${file.note}`, () => {
    // A text that is no percentage is refused when the manifest is read.
    const cases = file
      .of('resolveFenceposts')
      .filter(({ input, expected }) => expected.error === undefined && input.maxSurge !== null && input.maxUnavailable !== null)
    for (const { id, input, expected } of cases) {
      expect(rolloutBounds(rolling(input.maxSurge, input.maxUnavailable), input.desired), id).toEqual(expected)
    }
    expect(cases.length).toBeGreaterThan(20)
  })

  test.skipIf(file.absent)(`newRSNewReplicas ${file.note}`, () => {
    for (const { id, input, expected } of file.of('newRSNewReplicas')) {
      const strategy: DeploymentStrategy = { type: input.strategy, maxSurge: input.maxSurge, maxUnavailable: 0 }
      const others = [{ desired: input.sumOfAllReplicaSets - input.newRSReplicas, available: 0 }]
      const all = [...others, { desired: input.newRSReplicas, available: 0 }]
      expect(newReplicaSetSize(strategy, input.deploymentReplicas, all, input.newRSReplicas), id).toBe(expected.newRSReplicas)
    }
  })

  test.skipIf(file.absent)(`maxUnavailable ${file.note}`, () => {
    for (const { id, input, expected } of file.of('maxUnavailable')) {
      const strategy: DeploymentStrategy = {
        type: input.strategy,
        maxSurge: input.maxSurge ?? 0,
        maxUnavailable: input.maxUnavailable ?? 0,
      }
      expect(maxUnavailableOf(strategy, input.replicas), id).toBe(expected)
    }
  })

  test.skipIf(file.absent)(`proportionalScale ${file.note}`, () => {
    for (const { id, input, expected } of file.of('proportionalScale')) {
      const { replicas, strategy } = input.deployment
      const before = input.oldDeployment
      const bounds = (spec: typeof strategy, n: number): { maxSurge: number } =>
        rolloutBounds(rolling(spec.rollingUpdate?.maxSurge ?? 0, spec.rollingUpdate?.maxUnavailable ?? 0), n)
      const sets = [...(input.newRS === null ? [] : [input.newRS]), ...input.oldRSs].filter((rs) => rs.replicas > 0)
      if (sets.length < 2) continue
      const sizes = proportionalSizes(
        { maxUnavailable: 0, ...bounds(strategy, replicas) },
        replicas,
        sets.map((rs) => {
          const desired = input.desiredReplicasAnnotations?.[rs.name] ?? before.replicas
          return { desired: rs.replicas, previousMax: desired + bounds(before.strategy, before.replicas).maxSurge }
        }),
      )
      const wanted = [...(expected.newRS === null ? [] : [expected.newRS]), ...expected.oldRSs]
      const byName = new Map(wanted.map((rs) => [rs.name, rs.replicas]))
      expect(Object.fromEntries(sets.map((rs, i) => [rs.name, sizes[i]])), id).toEqual(
        Object.fromEntries(sets.map((rs) => [rs.name, byName.get(rs.name)])),
      )
    }
  })

  test.skipIf(file.absent)(`every step of every recorded rollout ${file.note}`, () => {
    const cases = file.of('rolloutTrajectory')
    expect(cases.length).toBeGreaterThan(200)
    for (const { id, input, expected } of cases) {
      const strategy = rolling(input.maxSurge, input.maxUnavailable)
      let current = input.newReplicas
      let old = input.oldReplicas
      for (const [i, step] of expected.steps.entries()) {
        const grown = Math.max(
          current,
          newReplicaSetSize(
            strategy,
            input.replicas,
            [
              { desired: old, available: 0 },
              { desired: current, available: 0 },
            ],
            current,
          ),
        )
        if (grown === current) {
          const unavailable = maxUnavailableOf(strategy, input.replicas)
          const sets = [{ desired: old, available: step.oldAvail }]
          old = oldReplicaSetSizes(unavailable, input.replicas, sets, { desired: current, available: step.newAvail })[0]!
        }
        current = grown
        expect({ new: current, old }, `${id} step ${i}`).toEqual({ new: step.new, old: step.old })
      }
    }
  })
})

describe('which pod of a ReplicaSet goes first', () => {
  const file = casesOf('pod-deletion-ranking.json')

  test.skipIf(file.absent)(`rankLess and rankEqual ${file.note}`, () => {
    const now = 100 * 86_400 * SECOND
    const ago = (seconds: number | undefined): number | null => (seconds === undefined ? null : now - seconds * SECOND)
    // biome-ignore lint/suspicious/noExplicitAny: the shape of a foreign file
    const ranked = (pod: any): RankedPod => ({
      assigned: pod.nodeName !== '',
      phase: pod.phase,
      ready: pod.ready,
      deletionCost: Number(pod.deletionCost ?? 0),
      rank: pod.rank ?? 0,
      readySince: ago(pod.readySinceSecondsAgo),
      restarts: Math.max(0, ...(pod.containerRestarts ?? [])),
      createdAt: ago(pod.createdSecondsAgo),
      uid: '',
    })
    let checked = 0
    for (const { id, a, b, expected, podDeletionCost } of [...file.of('rankLess'), ...file.of('rankEqual')]) {
      // Sidecar restarts are not modelled, and the annotation only counts where its gate is on.
      const sidecars = JSON.stringify(a.sidecarRestarts ?? []) !== JSON.stringify(b.sidecarRestarts ?? [])
      if (sidecars || (podDeletionCost === false && (a.deletionCost ?? b.deletionCost) !== undefined)) continue
      checked++
      const order = compareForDeletion(ranked(a), ranked(b), now)
      if (expected === 'equal') expect(order, id).toBe(0)
      else expect(order, id).toBeLessThan(0)
    }
    expect(checked).toBeGreaterThan(12)
  })
})
