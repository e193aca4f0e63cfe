import type { Container, Probe } from '../api/objects/index.ts'
import type { Delays } from '../control-plane/latencies.ts'
import type { Process, Wait } from '../engine/process.ts'
import type { Simulation } from '../engine/simulation.ts'
import { type Nanos, SECOND } from '../units.ts'

/** What a probe needs: the clock, how long a call takes, and whether the process answers. */
export interface ProbeContext {
  readonly sim: Simulation
  readonly latencies: Delays
  readonly node: string
  /** How long the process would take to answer; null when it does not. */
  readonly answersAfter: () => Nanos | null
}

/** What a probe's result is taken to be before it has asked often enough. */
export type InitialResult = boolean | null

/**
 * Runs a probe for as long as the container lives, or until `onResult` says that it is enough: first after initialDelaySeconds,
 * then every periodSeconds. `onResult` is called each time the result changes: successThreshold successes in a row, or
 * failureThreshold failures. A process that takes longer than timeoutSeconds to answer has failed the probe.
 *
 * Source: Kubernetes pkg/kubelet/prober/worker.go.
 */
export function* runProbe(
  probe: Probe,
  context: ProbeContext,
  initial: InitialResult,
  onResult: (success: boolean) => 'go on' | 'stop',
): Generator<Wait, void, unknown> {
  const { sim, latencies, node, answersAfter } = context
  const timeout = probe.timeoutSeconds * SECOND
  let result = initial
  let inARow = 0
  let last: boolean | null = null
  yield sim.delay(probe.initialDelaySeconds * SECOND)
  for (;;) {
    const started = sim.now
    yield sim.delay(latencies.draw('probe', node))
    const answer = answersAfter()
    if (answer !== null && answer > 0) yield sim.delay(Math.min(answer, timeout))
    const success = answer !== null && answer <= timeout
    inARow = success === last ? inARow + 1 : 1
    last = success
    if (success !== result && inARow >= (success ? probe.successThreshold : probe.failureThreshold)) {
      result = success
      if (onResult(success) === 'stop') return
    }
    yield sim.delay(Math.max(0, started + probe.periodSeconds * SECOND - sim.now))
  }
}

export interface ProbeHandlers {
  /** The startup probe has succeeded. */
  readonly onStarted: () => void
  readonly onReady: (ready: boolean) => void
  /** The startup or liveness probe has failed: the container is to be killed. */
  readonly onUnhealthy: (probe: Probe, name: 'startup' | 'liveness') => void
}

/**
 * The probes of one run of a container: the startup probe first, when there is one, then readiness and liveness.
 *
 * Source: Kubernetes pkg/kubelet/prober/{prober_manager,worker}.go.
 */
export class ContainerProbes {
  readonly #context: ProbeContext
  readonly #container: Container
  readonly #handlers: ProbeHandlers
  #readiness: Process<void> | null = null
  /** The startup probe, then the liveness probe. */
  #health: Process<void> | null = null

  constructor(context: ProbeContext, container: Container, handlers: ProbeHandlers) {
    this.#context = context
    this.#container = container
    this.#handlers = handlers
  }

  /** `ready`: what the readiness result is until the probe has spoken; true for a container that was ready before the kubelet started. */
  start(started: boolean, ready: boolean): void {
    const { startupProbe } = this.#container
    if (startupProbe === null || started) this.#startAfterStartup(ready)
    else {
      const onResult = (success: boolean): 'stop' => {
        if (success) {
          this.#handlers.onStarted()
          this.#startAfterStartup(ready)
        } else this.#handlers.onUnhealthy(startupProbe, 'startup')
        return 'stop'
      }
      this.#health = this.#context.sim.spawn(runProbe(startupProbe, this.#context, null, onResult))
    }
  }

  /** A container that is being stopped is not asked for its health any more; its readiness is. */
  stopHealth(): void {
    this.#health?.kill()
  }

  stop(): void {
    this.#health?.kill()
    this.#readiness?.kill()
  }

  #startAfterStartup(ready: boolean): void {
    const { readinessProbe, livenessProbe } = this.#container
    const { sim } = this.#context
    if (readinessProbe !== null) {
      const onResult = (success: boolean): 'go on' => {
        this.#handlers.onReady(success)
        return 'go on'
      }
      this.#readiness = sim.spawn(runProbe(readinessProbe, this.#context, ready, onResult))
    }
    if (livenessProbe === null) return
    const onResult = (success: boolean): 'go on' | 'stop' => {
      if (success) return 'go on'
      this.#handlers.onUnhealthy(livenessProbe, 'liveness')
      return 'stop'
    }
    this.#health = sim.spawn(runProbe(livenessProbe, this.#context, true, onResult))
  }
}
