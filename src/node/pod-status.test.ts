import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ContainerStatus, PodPhase, PodSpec } from '../api/objects/index.ts'
import { conditionOf } from '../control-plane/conditions.ts'
import { conditionsOf, phaseOf } from './pod-status.ts'

const status = fc.constantFrom('waiting', 'crashed', 'running', 'ready', 'succeeded', 'failed').map((what): ContainerStatus => {
  const base = { name: 'c', reason: '', ready: what === 'ready', started: true, restartCount: 0 }
  if (what === 'waiting') return { ...base, state: 'waiting' }
  if (what === 'crashed') return { ...base, state: 'waiting', lastTermination: { exitCode: 1, reason: 'Error', finishedAt: 0 } }
  if (what === 'running' || what === 'ready') return { ...base, state: 'running' }
  return { ...base, state: 'terminated', exitCode: what === 'failed' ? 1 : 0, finishedAt: 0 }
})
const policies = fc.constantFrom<PodSpec['restartPolicy']>('Always', 'OnFailure', 'Never')

/** As the documentation of the pod phase tells it, one sentence after the other. */
function told(mains: readonly ContainerStatus[], policy: PodSpec['restartPolicy']): PodPhase {
  const neverRan = mains.some(({ state, lastTermination }) => state === 'waiting' && lastTermination === undefined)
  if (neverRan) return 'Pending'
  if (mains.some(({ state }) => state === 'running')) return 'Running'
  const allSucceeded = mains.every(({ state, exitCode }) => state === 'terminated' && exitCode === 0)
  const allOver = policy === 'Never' || (policy === 'OnFailure' && allSucceeded)
  if (!allOver) return 'Running'
  return allSucceeded ? 'Succeeded' : 'Failed'
}

test('phase and conditions follow from the states of the containers as the documentation tells it', () => {
  fc.assert(
    fc.property(fc.array(status, { minLength: 1, maxLength: 4 }), policies, fc.boolean(), (mains, restartPolicy, gate) => {
      const containers = mains.map((of) => ({ role: 'main' as const, status: of }))
      const facts = { restartPolicy, containers, initialized: true, ended: false }
      const phase = phaseOf(facts)
      expect(phase).toBe(told(mains, restartPolicy))
      const stored = gate ? [{ type: 'g', status: 'True' as const, reason: '', lastTransitionTime: 0 }] : []
      const conditions = conditionsOf({ ...facts, readinessGates: ['g'], stored, sandboxReady: true, now: 5 }, phase, [])
      const ready = mains.every((of) => of.state === 'running' && of.ready)
      expect(conditionOf(conditions, 'ContainersReady')?.status).toBe(ready ? 'True' : 'False')
      expect(conditionOf(conditions, 'Ready')?.status).toBe(ready && gate ? 'True' : 'False')
    }),
  )
})

test('init containers keep a pod Pending until they have succeeded, and fail it when they fail and nothing restarts', () => {
  fc.assert(
    fc.property(status, status, policies, (init, main, restartPolicy) => {
      const containers = [
        { role: 'init' as const, status: init },
        { role: 'main' as const, status: main },
      ]
      const phase = phaseOf({ restartPolicy, containers, initialized: false, ended: false })
      if (init.state === 'terminated' && init.exitCode === 0) expect(phase).toBe(told([main], restartPolicy))
      else {
        const failed = init.exitCode === 1 || init.lastTermination?.exitCode === 1
        expect(phase).toBe(failed && restartPolicy === 'Never' ? 'Failed' : 'Pending')
      }
    }),
  )
})
