import type { Probe } from '../api/objects/index.ts'
import type { Latencies } from '../control-plane/latencies.ts'
import type { Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { SECOND } from '../units.ts'

/** What a probe needs: the clock, how long a call takes, and whether the process answers. */
export interface ProbeContext {
  readonly sim: Simulation
  readonly latencies: Latencies
  readonly node: string
  readonly answers: () => boolean
  /** Called each time the result changes: successThreshold successes in a row, or failureThreshold failures. */
  readonly onResult: (success: boolean) => void
}

/**
 * Runs a startup or readiness probe for as long as the container lives: first after initialDelaySeconds, then every
 * periodSeconds. The result starts as failure.
 *
 * A probe succeeds when the process listens. That it could time out because the process is overloaded is not modelled yet.
 *
 * Source: Kubernetes pkg/kubelet/prober/worker.go.
 */
export function* runProbe(probe: Probe, context: ProbeContext, untilSuccess: boolean): Generator<Wait, void, unknown> {
  const { sim, latencies, node, answers, onResult } = context
  let result = false
  let inARow = 0
  let last: boolean | null = null
  yield sim.delay(probe.initialDelaySeconds * SECOND)
  for (;;) {
    const started = sim.now
    yield sim.delay(latencies.draw('probe', node))
    const success = answers()
    inARow = success === last ? inARow + 1 : 1
    last = success
    if (success !== result && inARow >= (success ? probe.successThreshold : probe.failureThreshold)) {
      result = success
      onResult(success)
      if (untilSuccess && success) return
    }
    yield sim.delay(Math.max(0, started + probe.periodSeconds * SECOND - sim.now))
  }
}
