import { describe, expect, test } from 'vitest'
import type { Container, Pod } from '../../src/api/objects/index.ts'
import { conditionOf } from '../../src/control-plane/conditions.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { distribution } from '../../src/engine/distributions.ts'
import { type Nanos, SECOND } from '../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, Testbed, type TestbedOptions } from './testbed.ts'

const constant = (seconds: number) => distribution({ kind: 'constant', value: seconds * SECOND })
const plain = (name: string, change: Partial<Container> = {}) => containerOf(name, { readinessProbe: null, ...change })

interface Seen {
  readonly at: Nanos
  readonly pod: Pod
}

/** Every stored version of one pod that is applied at time 0. */
function lifeOf(
  spec: Pod['spec'],
  seconds: number,
  options: TestbedOptions = {},
  meanwhile: (bed: Testbed) => void = () => {},
): { bed: Testbed; seen: Seen[] } {
  const bed = new Testbed({ nodes: 1, ...options })
  const seen: Seen[] = []
  bed.plane.server.observeCommits((event) => {
    if (event.object.kind === 'Pod') seen.push({ at: bed.sim.now, pod: event.object as Pod })
  })
  const status = { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] } as const
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: emptyMeta('p', 'default'), spec, status }
  bed.plane.kubectl.run({ verb: 'apply', objects: [pod] }, 'apply')
  meanwhile(bed)
  bed.sim.run(seconds * SECOND)
  return { bed, seen }
}

function hops(bed: Testbed, action: string): { at: Nanos; started: Nanos; detail: string }[] {
  const found = []
  for (let id = 0; id < bed.trace.length; id++) {
    const hop = bed.trace.hop(id)
    if (hop.action === action) found.push({ at: hop.time, started: hop.started, detail: hop.detail })
  }
  return found
}

const last = (seen: readonly Seen[]): Pod => seen[seen.length - 1]!.pod
const failing = (seconds: number) => ({ duration: constant(seconds), failProbability: 1, exitCode: 3 })

describe('a container that exits', () => {
  test.each([34, 35] as const)('is restarted after 0, 10, 20, 40, 80, 160, 300, 300 s since it ended, in 1.%i', (version) => {
    // Source: flows.md of the references §5: kubelet initialCrashLoopBackOff, MaxCrashLoopBackOff.
    const { bed, seen } = lifeOf(podSpecOf([plain('server')]), 1000, { version, behaviour: { run: failing(1) } })
    const starts = hops(bed, 'started container').map(({ at }) => at)
    const ends = hops(bed, 'container exited').map(({ started }) => started + SECOND)
    const delays = starts.slice(1).map((at, i) => (at - ends[i]!) / SECOND)
    const expected = [0, 10, 20, 40, 80, 160, 300, 300].slice(0, delays.length)
    expect(delays.length).toBeGreaterThanOrEqual(6)
    for (const [i, delay] of delays.entries()) {
      expect(delay).toBeGreaterThanOrEqual(expected[i]!)
      // PLEG up to 1 s, start of the container. Up to 1.34 the pod is looked at again every 10 to 15 s, since 1.35 after what is left of the
      // wait and up to half of it more, of at most 60 s at a time.
      const late = version === 34 ? 15 : Math.min(expected[i]! / 2, 30)
      expect(delay).toBeLessThan(expected[i]! + (i > 0 ? late : 0) + 1.5)
    }
    expect(delays.some((delay, i) => delay > expected[i]! + 1.5)).toBe(true)
    const status = last(seen).status.containerStatuses[0]!
    expect(status).toMatchObject({ state: 'waiting', reason: 'CrashLoopBackOff', restartCount: delays.length })
    expect(status.lastTermination).toMatchObject({ exitCode: 3, reason: 'Error' })
    expect(last(seen).status.phase).toBe('Running')
  })

  test('begins its back-off anew after it has run for more than ten minutes', () => {
    let runs = 0
    const duration = { spec: { kind: 'constant', value: 0 }, mean: 0, sample: () => (++runs === 4 ? 601 : 1) * SECOND } as const
    const { bed } = lifeOf(podSpecOf([plain('server')]), 680, { behaviour: { run: { duration, failProbability: 1, exitCode: 1 } } })
    const starts = hops(bed, 'started container').map(({ at }) => at / SECOND)
    expect(starts.length).toBeGreaterThanOrEqual(5)
    expect(starts[4]! - starts[3]! - 601).toBeLessThan(2)
  })

  test.each([
    ['Always', 0, 'Running', true],
    ['Always', 1, 'Running', true],
    ['OnFailure', 0, 'Succeeded', false],
    ['OnFailure', 1, 'Running', true],
    ['Never', 0, 'Succeeded', false],
    ['Never', 1, 'Failed', false],
  ] as const)('with restartPolicy %s and failProbability %i leaves the pod %s', (restartPolicy, failProbability, phase, restarted) => {
    const run = { duration: constant(2), failProbability, exitCode: 7 }
    const { seen } = lifeOf({ ...podSpecOf([plain('server')]), restartPolicy }, 30, { behaviour: { run } })
    expect(last(seen).status.phase).toBe(phase)
    expect(last(seen).status.containerStatuses[0]!.restartCount > 0).toBe(restarted)
  })

  test('by a lack of memory is restarted and says OOMKilled', () => {
    const crash = (bed: Testbed) =>
      bed.sim.after(20 * SECOND, () => bed.kubelets[0]!.worker('default', 'p')!.crash(null, 137, 'OOMKilled', -1))
    const { seen } = lifeOf(podSpecOf([plain('server')]), 40, {}, crash)
    const status = last(seen).status.containerStatuses[0]!
    expect(status).toMatchObject({ state: 'running', restartCount: 1, lastTermination: { exitCode: 137, reason: 'OOMKilled' } })
  })
})

describe('init containers', () => {
  const spec = (change: Partial<Pod['spec']> = {}): Pod['spec'] => ({
    ...podSpecOf([plain('main')]),
    initContainers: [plain('first'), plain('sidecar', { restartPolicy: 'Always' }), plain('second')],
    ...change,
  })

  test('run in order, a sidecar going on beside the others, and the main container starts last', () => {
    const { bed, seen } = lifeOf(spec(), 30)
    const order = [...hops(bed, 'started init container'), ...hops(bed, 'started container'), ...hops(bed, 'init container finished')]
    const told = order.sort((a, b) => a.at - b.at).map(({ detail }) => detail.split(',')[0])
    expect(told).toEqual(['first', 'first', 'sidecar', 'second', 'second', 'main'])
    const states = last(seen).status.initContainerStatuses!.map(({ state }) => state)
    expect(states).toEqual(['terminated', 'running', 'terminated'])
    expect(conditionOf(last(seen).status.conditions, 'Ready')?.status).toBe('True')
  })

  test('wait for the startup probe of a sidecar', () => {
    const probe = { ...containerOf('x').readinessProbe!, initialDelaySeconds: 9 }
    const { bed } = lifeOf(spec({ initContainers: [plain('sidecar', { restartPolicy: 'Always', startupProbe: probe })] }), 30)
    const [sidecar, main] = hops(bed, 'started container')
    expect((main!.at - sidecar!.at) / SECOND).toBeGreaterThan(9)
  })

  test('restart on failure until they succeed, and fail the pod when it never restarts', () => {
    const behaviour = { init: failing(1) }
    const again = lifeOf(spec(), 60, { behaviour })
    expect(last(again.seen).status.initContainerStatuses![0]!.restartCount).toBeGreaterThan(1)
    expect(last(again.seen).status.phase).toBe('Pending')
    const never = lifeOf(spec({ restartPolicy: 'Never' }), 60, { behaviour })
    expect(last(never.seen).status.phase).toBe('Failed')
  })

  test('that are sidecars do not keep a pod alive whose main container has ended', () => {
    const run = { duration: constant(3), failProbability: 0, exitCode: 1 }
    const { seen } = lifeOf(spec({ restartPolicy: 'Never' }), 60, { behaviour: { run } })
    expect(last(seen).status.phase).toBe('Succeeded')
    expect(last(seen).status.initContainerStatuses![1]!.state).toBe('terminated')
  })

  test('that are sidecars stop after the main container, in reverse order', () => {
    const sidecars = ['a', 'b'].map((name) => plain(name, { restartPolicy: 'Always' }))
    const { bed } = lifeOf(spec({ initContainers: sidecars }), 60, {}, (bed) =>
      bed.sim.after(20 * SECOND, () =>
        bed.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'p', gracePeriodSeconds: null }, 'delete'),
      ),
    )
    expect(hops(bed, 'sent SIGTERM').map(({ detail }) => detail)).toEqual(['to main', 'to b', 'to a'])
  })
})

describe('a liveness probe', () => {
  // The process would listen after 60 s; the probe gives up after 3 failures, 2 s apart: a run takes 4 s.
  const livenessProbe = { ...containerOf('x').readinessProbe!, periodSeconds: 2, failureThreshold: 3 }
  const impatient = (seconds: number, change: Partial<Pod['spec']> = {}) =>
    lifeOf({ ...podSpecOf([plain('server', { livenessProbe })]), ...change }, seconds, { startUp: 60 * SECOND })

  test('that fails has the container started again by the same look at the pod, with the back-off counted from the run before', () => {
    const { bed, seen } = impatient(100)
    const starts = hops(bed, 'started container').map(({ at }) => at / SECOND)
    const gaps = starts.slice(1).map((start, i) => start - starts[i]!)
    // Nothing had ended before the first kill, and nothing had been held back before the second. At the third, the second run has ended 4 s ago
    // and the delay is 10 s: now the kubelet waits, from the end of the third run. Then 20 s.
    const expected = [4, 4, 4 + 10, 4 + 20]
    expect(gaps.length).toBeGreaterThanOrEqual(4)
    for (const [i, least] of expected.entries()) {
      expect(gaps[i]).toBeGreaterThanOrEqual(least)
      expect(gaps[i]).toBeLessThan(least + (least - 4) / 2 + 2)
    }
    expect(last(seen).status.containerStatuses[0]!.restartCount).toBe(starts.length - 1)
  })

  test('that fails is no reason to wait as long as a run takes longer than the delay', () => {
    const slow = { ...livenessProbe, initialDelaySeconds: 20 }
    const { bed, seen } = lifeOf(podSpecOf([plain('server', { livenessProbe: slow })]), 100, { startUp: 60 * SECOND })
    // A run takes 24 s, longer than the delays of 10 and 20 s: starts at 0, 24, 48, 72 and 96 s.
    expect(hops(bed, 'started container')).toHaveLength(5)
    const reasons = (life: readonly Seen[]) => life.map(({ pod }) => pod.status.containerStatuses[0]?.reason)
    expect(reasons(seen)).not.toContain('CrashLoopBackOff')
    expect(reasons(impatient(100).seen)).toContain('CrashLoopBackOff')
  })

  test.each([
    ['OnFailure', 'Running', true],
    ['Never', 'Succeeded', false],
  ] as const)('that fails with restartPolicy %s leaves the pod %s', (restartPolicy, phase, restarted) => {
    const { seen } = impatient(10, { restartPolicy })
    expect(last(seen).status.phase).toBe(phase)
    expect(last(seen).status.containerStatuses[0]!.restartCount > 0).toBe(restarted)
  })
})

describe('images', () => {
  test('that the registry does not have leave the pod in ImagePullBackOff', () => {
    const { seen } = lifeOf(podSpecOf([plain('server')]), 60, { missingImages: ['example/server:v1'] })
    const reasons = seen.map(({ pod }) => pod.status.containerStatuses[0]?.reason).filter((reason, i, all) => reason !== all[i - 1])
    expect(reasons).toEqual([
      'ContainerCreating',
      'ErrImagePull',
      'ImagePullBackOff',
      'ErrImagePull',
      'ImagePullBackOff',
      ...reasons.slice(6),
    ])
    expect(last(seen).status.phase).toBe('Pending')
  })
})

describe('readiness gates', () => {
  test('keep a pod unready whose containers are ready', () => {
    const { seen } = lifeOf({ ...podSpecOf([plain('server')]), readinessGates: ['example.com/lb'] }, 20)
    const { conditions } = last(seen).status
    expect(conditionOf(conditions, 'ContainersReady')?.status).toBe('True')
    expect(conditionOf(conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'ReadinessGatesNotReady' })
  })
})

describe('a kubelet that dies alone', () => {
  test('leaves its containers running, and takes them up again without a restart', () => {
    const { bed, seen } = lifeOf(podSpecOf([containerOf('server')]), 120, {}, (bed) => {
      bed.sim.after(20 * SECOND, () => bed.kubelets[0]!.stop())
      bed.sim.after(40 * SECOND, () => {
        expect(bed.host.pods.map(({ state }) => state)).toEqual(['listening'])
        bed.kubelets[0]!.boot(-1, 'after a crash')
      })
    })
    expect(bed.host.pods.map(({ state }) => state)).toEqual(['listening'])
    expect(last(seen).status.containerStatuses[0]).toMatchObject({ state: 'running', restartCount: 0, ready: true })
    expect(seen.every(({ at, pod }) => at < 20 * SECOND || conditionOf(pod.status.conditions, 'Ready')?.status === 'True')).toBe(true)
  })
})

describe('admission at the node', () => {
  test('refuses a pod that was bound to a node without the room', () => {
    const spec = { ...podSpecOf([plain('server', { requests: { cpuMilli: 9000, memoryBytes: 0 } })]), nodeName: 'worker-1' }
    const { seen } = lifeOf(spec, 20)
    expect(last(seen).status).toMatchObject({ phase: 'Failed', reason: 'OutOfcpu' })
  })
})

describe('a pod of a Deployment', () => {
  test('is Ready within 5 s of its creation at the 99th percentile, images being there, on 100 nodes', () => {
    // Source: the project's "stateless pod startup" objective: p99 at most 5 s without image pull and init containers.
    const bed = new Testbed({ nodes: 100, startUp: SECOND })
    const created = new Map<string, Nanos>()
    const ready = new Map<string, Nanos>()
    bed.plane.server.observeCommits(({ object }) => {
      if (object.kind !== 'Pod') return
      const { uid } = object.metadata
      if (!created.has(uid)) created.set(uid, bed.sim.now)
      if (!ready.has(uid) && conditionOf((object as Pod).status.conditions, 'Ready')?.status === 'True') ready.set(uid, bed.sim.now)
    })
    bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', 200)] }, 'apply')
    bed.sim.run(60 * SECOND)
    const times = [...ready].map(([uid, at]) => (at - created.get(uid)!) / SECOND).sort((a, b) => a - b)
    expect(times.length).toBe(200)
    expect(times[197]).toBeLessThanOrEqual(5)
  })
})

describe('a pod that is deleted', () => {
  const deletion = (bed: Testbed, gracePeriodSeconds: number | null) => () =>
    bed.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'p', gracePeriodSeconds }, 'delete')

  test('goes the way that was recorded: marked, five seconds of preStop, Succeeded, removed 0.65 to 0.95 s later', () => {
    // Source: recorded from Kubernetes v1.36.2 (one pod of 3 deleted, preStop sleep 5 s, grace period 30 s).
    const { seen } = lifeOf(podSpecOf([plain('server', { preStopSleepSeconds: 5 })]), 60, {}, (bed) =>
      bed.sim.after(20 * SECOND, deletion(bed, null)),
    )
    const after = seen.filter(({ at }) => at >= 20 * SECOND)
    expect(after.map(({ pod }) => `${pod.metadata.deletionGracePeriodSeconds} ${pod.status.phase}`)).toEqual([
      '30 Running',
      '30 Succeeded',
      '0 Succeeded',
      '0 Succeeded',
    ])
    const [marked, stopped, gone] = after.map(({ at }) => at / SECOND) as [number, number, number]
    expect(stopped - marked).toBeGreaterThan(5)
    expect(stopped - marked).toBeLessThan(6)
    expect(gone - stopped).toBeGreaterThan(0.6)
    expect(gone - stopped).toBeLessThan(1)
    const { conditions, containerStatuses } = after[1]!.pod.status
    expect(conditions.map(({ type, status, reason }) => `${type} ${status}/${reason}`).sort()).toEqual([
      'ContainersReady False/PodCompleted',
      'Initialized True/PodCompleted',
      'PodReadyToStartContainers False/',
      'PodScheduled True/',
      'Ready False/PodCompleted',
    ])
    expect(containerStatuses[0]).toMatchObject({ state: 'terminated', exitCode: 0 })
  })

  test('by force leaves the API at once, and its node after that', () => {
    // Source: recorded from Kubernetes v1.36.2 (grace period 0).
    const { bed, seen } = lifeOf(podSpecOf([plain('server')]), 60, {}, (bed) => bed.sim.after(20 * SECOND, deletion(bed, 0)))
    const after = seen.filter(({ at }) => at >= 20 * SECOND)
    expect(after.map(({ pod }) => `${pod.metadata.deletionGracePeriodSeconds} ${pod.status.phase}`)).toEqual(['0 Running', '0 Running'])
    expect(after[1]!.at - after[0]!.at).toBeLessThan(0.1 * SECOND)
    expect(bed.host.pods.map(({ state }) => state)).toEqual(['gone'])
    expect([...bed.kubelets[0]!.workers()]).toEqual([])
  })

  test('has two seconds from SIGTERM when preStop has used up the grace period, and is then killed with exit code 137', () => {
    // Source: kubelet minimumGracePeriodInSeconds.
    const { bed, seen } = lifeOf(podSpecOf([plain('server', { preStopSleepSeconds: 30 })]), 60, {}, (bed) => {
      bed.host.whenIdle = () => ({ subscribe: () => () => {} })
      bed.sim.after(20 * SECOND, deletion(bed, 5))
    })
    const [killed] = hops(bed, 'killed')
    const [hook] = hops(bed, 'preStop hook ended')
    expect((hook!.at - hook!.started) / SECOND).toBeCloseTo(5, 1)
    expect((killed!.at - killed!.started) / SECOND).toBe(2)
    expect(last(seen).status).toMatchObject({ phase: 'Failed', containerStatuses: [{ exitCode: 137, reason: 'Error' }] })
  })
})
