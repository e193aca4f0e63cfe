import type { DeploymentStrategy } from '../../../../src/api/objects/index.ts'
import { rolloutBounds } from '../../../../src/control-plane/controllers/rolling-update.ts'
import type { Change } from '../recording.ts'
import { type Comparison, id } from './comparison.ts'

/** While a Deployment rolls, never too few pods are ready and never too many are asked for. */
export function checkRolloutBounds(comparison: Comparison): void {
  const { meta } = comparison.recording
  if (meta.maxSurge === undefined || !comparison.recorded.some(({ kind }) => kind === 'deploy')) return
  const replicas = Number(meta.replicas)
  const strategy = { type: 'RollingUpdate', maxSurge: meta.maxSurge, maxUnavailable: meta.maxUnavailable } as DeploymentStrategy
  const { maxSurge, maxUnavailable } = rolloutBounds(strategy, replicas)
  for (const [who, changes] of [
    ['recorded', comparison.recorded],
    ['model', comparison.model],
  ] as const) {
    const { ready, size } = extremes(changes)
    const least = replicas - maxUnavailable
    const most = replicas + maxSurge
    if (ready < least) comparison.tally.fail(id(comparison, 'ready bound'), `${who}: ${ready} pods ready, at least ${least} promised`)
    else if (size > most)
      comparison.tally.fail(id(comparison, 'size bound'), `${who}: ReplicaSets of ${size} pods, at most ${most} promised`)
    else comparison.tally.pass()
  }
}

/** From the first command on: ready pods that are not being deleted, and what the ReplicaSets ask for together. */
function extremes(changes: readonly Change[]): { ready: number; size: number } {
  const pods = new Map<string, Change>()
  let least = Number.POSITIVE_INFINITY
  let most = 0
  const sizes = new Map<string, number>()
  for (const change of changes) {
    if (change.kind === 'rs') {
      sizes.set(change.name, change.event === 'D' ? 0 : Number(change.state.n))
      if (change.t >= 0)
        most = Math.max(
          most,
          [...sizes.values()].reduce((sum, size) => sum + size, 0),
        )
    }
    if (change.kind !== 'pod') continue
    if (change.event === 'D' || change.state.del !== undefined) pods.delete(change.name)
    else pods.set(change.name, change)
    if (change.t < 0) continue
    const ready = [...pods.values()].filter(({ state }) => (state.c as Record<string, string>).Ready === 'True').length
    least = Math.min(least, ready)
  }
  return { ready: least, size: most }
}
