import { describe, expect, test } from 'vitest'
import type { HorizontalPodAutoscaler } from '../../../src/api/objects/index.ts'
import { conditionOf } from '../../../src/control-plane/conditions.ts'
import { emptyMeta } from '../../../src/control-plane/empty-meta.ts'
import { SECOND } from '../../../src/units.ts'
import { containerOf, deploymentOf, podSpecOf, Testbed, type TestbedOptions } from '../testbed.ts'

type Spec = HorizontalPodAutoscaler['spec']

function autoscalerOf(change: Partial<Spec> = {}, name = 'web'): HorizontalPodAutoscaler {
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: emptyMeta(name, 'default'),
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 100,
      metrics: [{ type: 'Resource', resource: 'cpu', container: '', target: { type: 'Utilization', averageUtilization: 50 } }],
      behavior: null,
      ...change,
    },
    status: { observedGeneration: 0, currentReplicas: 0, desiredReplicas: 0, lastScaleTime: null, currentMetrics: [], conditions: [] },
  }
}

/** A Deployment whose pods request 1000m, each of which uses `cores(now)`; and when its wished replicas changed, in seconds. */
function setUp(replicas: number, cores: (seconds: number) => number, options: TestbedOptions = {}) {
  const bed = new Testbed({ nodes: 20, metricsServer: true, ...options })
  let used = 0
  let since = 0
  // The integral of the usage, in steps of a tenth of a second.
  bed.host.cpuTimeOf = () => {
    for (; since + SECOND / 10 <= bed.sim.now; since += SECOND / 10) used += cores(since / SECOND) * (SECOND / 10)
    return used
  }
  const steps: (readonly [number, number])[] = []
  bed.plane.server.observe('Deployment', ({ object, previous }) => {
    const after = (object as { spec: { replicas: number } }).spec.replicas
    const before = (previous as { spec: { replicas: number } } | undefined)?.spec.replicas
    if (before !== undefined && before !== after) steps.push([Math.round(bed.sim.now / SECOND), after])
  })
  const requests = { cpuMilli: 1000, memoryBytes: 100_000_000 }
  const template = { labels: { app: 'web' }, annotations: {}, spec: podSpecOf([containerOf('server', { requests })]) }
  bed.plane.kubectl.run({ verb: 'apply', objects: [deploymentOf('web', replicas, { template })] }, 'apply')
  const at = (seconds: number, autoscaler: HorizontalPodAutoscaler): void => {
    bed.sim.after(seconds * SECOND, () => bed.plane.kubectl.run({ verb: 'apply', objects: [autoscaler] }, 'apply'))
  }
  const autoscaler = (name = 'web') => bed.plane.server.peek('HorizontalPodAutoscaler', 'default', name)!
  const condition = (type: string, name = 'web') => conditionOf(autoscaler(name).status.conditions, type)
  return { bed, steps, at, autoscaler, condition }
}

describe('a HorizontalPodAutoscaler', () => {
  // Source: --horizontal-pod-autoscaler-sync-period 15 s; horizontal.go adds every key with that delay, the first time too.
  test('looks for the first time 15 s after it was made, and then every 15 s', () => {
    const { bed, at } = setUp(1, () => 0.5)
    const looks: number[] = []
    at(60, autoscalerOf())
    const peek = bed.plane.metricsServer!.podMetrics.bind(bed.plane.metricsServer)
    bed.plane.metricsServer!.podMetrics = (...of) => {
      looks.push(Math.round((bed.sim.now / SECOND - 60) * 10) / 10)
      return peek(...of)
    }
    bed.sim.run(110 * SECOND)
    expect(looks).toHaveLength(3)
    for (const [i, look] of looks.entries()) expect(Math.abs(look - 15 * (i + 1))).toBeLessThan(1)
  })

  // Source: horizontal.go (scaleUpLimitFactor 2, scaleUpLimitMinimum 4): 1, 4, 8, 16, 32 pods, 15 s apart.
  test('at most doubles the replicas at each look, but four are within reach at once', () => {
    const { bed, steps, at } = setUp(1, () => 8)
    at(60, autoscalerOf({ maxReplicas: 32 }))
    bed.sim.run(300 * SECOND)
    expect(steps.slice(0, 2).map(([, replicas]) => replicas)).toEqual([4, 8])
    expect(steps.at(-1)![1]).toBe(32)
    for (const [i, [, replicas]] of steps.entries()) expect(replicas).toBeLessThanOrEqual(i === 0 ? 4 : 2 * steps[i - 1]![1])
  })

  // Source: --horizontal-pod-autoscaler-downscale-stabilization 300 s. The usage falls at 200 s and is 0 for whole windows by 250 s.
  test('follows a fall of the load only after 300 s', () => {
    const { bed, steps, at } = setUp(4, (seconds) => (seconds < 200 ? 0.5 : 0.05))
    at(60, autoscalerOf())
    bed.sim.run(700 * SECOND)
    expect(steps[0]![0]).toBeGreaterThanOrEqual(485)
    expect(steps[0]![0]).toBeLessThanOrEqual(550)
    expect(steps.at(-1)![1]).toBe(1)
  })

  // ceil(0.54/0.5 × 4) would be 5: 8 % are within the tolerance of 10 %.
  test('does nothing within the tolerance of 10 %', () => {
    const { bed, steps, at, condition } = setUp(4, () => 0.54)
    at(60, autoscalerOf())
    bed.sim.run(200 * SECOND)
    expect(steps).toEqual([])
    expect(condition('ScalingActive')).toMatchObject({ status: 'True', reason: 'ValidMetricFound' })
    expect(condition('AbleToScale')).toMatchObject({ status: 'True', reason: 'ReadyForNewScale' })
    expect(condition('ScalingLimited')).toMatchObject({ status: 'False', reason: 'DesiredWithinRange' })
  })

  // Memory is constant: 100 MB of 100 MB requested is 100 %, so that the target of 50 % asks for twice the pods again and again. A pod that
  // has no sample yet counts as 0.
  test('takes memory for what it is: more pods do not lower it', () => {
    const { bed, steps, at, condition } = setUp(2, () => 0)
    const target = { type: 'Utilization', averageUtilization: 50 } as const
    at(60, autoscalerOf({ maxReplicas: 10, metrics: [{ type: 'Resource', resource: 'memory', container: '', target }] }))
    bed.sim.run(250 * SECOND)
    expect([steps[0]![1], steps.at(-1)![1]]).toEqual([4, 10])
    expect(condition('ScalingLimited')).toMatchObject({ status: 'True', reason: 'TooManyReplicas' })
  })

  test('brings the replicas into its range without asking for metrics', () => {
    const { bed, steps, at } = setUp(2, () => 0.5, { metricsServer: false })
    at(60, autoscalerOf({ minReplicas: 5 }))
    bed.sim.run(80 * SECOND)
    expect(steps).toEqual([[75, 5]])
  })

  test('leaves the replicas alone while nobody serves metrics, and says so', () => {
    const { bed, steps, at, condition } = setUp(2, () => 5, { metricsServer: false })
    at(60, autoscalerOf())
    bed.sim.run(200 * SECOND)
    expect(steps).toEqual([])
    expect(condition('ScalingActive')).toMatchObject({ status: 'False', reason: 'FailedGetResourceMetric' })
  })

  test.each(['Pods', 'Object', 'External'] as const)('a metric of the type %s always fails', (type) => {
    const { bed, at, condition } = setUp(2, () => 0.5)
    at(60, autoscalerOf({ metrics: [{ type, name: 'qps' }] }))
    bed.sim.run(100 * SECOND)
    expect(condition('ScalingActive')).toMatchObject({ status: 'False', reason: `FailedGet${type}Metric` })
  })

  test('is not able to scale what is not there', () => {
    const { bed, at, condition } = setUp(2, () => 0.5)
    at(60, autoscalerOf({ scaleTargetRef: { kind: 'Deployment', name: 'other' } }))
    bed.sim.run(100 * SECOND)
    expect(condition('AbleToScale')).toMatchObject({ status: 'False', reason: 'FailedGetScale' })
  })

  // Source: horizontal.go (AmbiguousSelector): neither of two autoscalers of the same pods does anything.
  test('does nothing where another autoscaler has the same pods', () => {
    const { bed, steps, at, condition } = setUp(2, () => 5)
    at(60, autoscalerOf())
    at(60, autoscalerOf({}, 'again'))
    bed.sim.run(82 * SECOND)
    const before = steps.length
    bed.sim.run(200 * SECOND)
    expect(steps.length).toBe(before)
    for (const name of ['web', 'again']) expect(condition('ScalingActive', name)).toMatchObject({ reason: 'AmbiguousSelector' })
  })

  // A policy of one pod a minute: 485 to 550 s would be the first step down by itself; here each step is one pod, 60 s apart.
  test('keeps to the policies of its behaviour', () => {
    const { bed, steps, at } = setUp(4, (seconds) => (seconds < 120 ? 0.5 : 0.05))
    const up = { stabilizationWindowSeconds: 0, selectPolicy: 'Max', policies: [], tolerance: null } as const
    const down = {
      stabilizationWindowSeconds: 30,
      selectPolicy: 'Max',
      policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }],
      tolerance: null,
    } as const
    at(60, autoscalerOf({ behavior: { scaleUp: { ...up, selectPolicy: 'Disabled' }, scaleDown: down } }))
    bed.sim.run(500 * SECOND)
    expect(steps.map(([, replicas]) => replicas)).toEqual([3, 2, 1])
    for (const [i, [at]] of steps.entries()) if (i > 0) expect(at - steps[i - 1]![0]).toBeGreaterThanOrEqual(60)
  })
})

describe('metrics-server', () => {
  const of = { matchLabels: { app: 'web' }, matchExpressions: [] }

  // The kubelet looks at a container when it starts, then after 10 to 20 s; a round comes every 15 s.
  test('has metrics of a pod only when it can tell two points from each other', () => {
    const { bed } = setUp(1, () => 0.5)
    bed.sim.run(10 * SECOND)
    expect(bed.plane.metricsServer!.podMetrics('default', of)).toEqual([])
    bed.sim.run(60 * SECOND)
    const [metrics] = bed.plane.metricsServer!.podMetrics('default', of)
    expect(metrics!.containers).toMatchObject([{ name: 'server', memoryBytes: 100_000_000 }])
    // A hundredth of the window is what the steps of the test's own integral can be off.
    expect(metrics!.containers[0]!.cpuNanocores / 1e9).toBeCloseTo(0.5, 1)
    expect(metrics!.window).toBeGreaterThanOrEqual(10 * SECOND)
    expect(metrics!.window).toBeLessThanOrEqual(30 * SECOND)
  })

  test('knows nothing of the pods of a kubelet that does not answer', () => {
    const { bed } = setUp(20, () => 0.5)
    bed.sim.run(100 * SECOND)
    expect(bed.plane.metricsServer!.podMetrics('default', of)).toHaveLength(20)
    const node = bed.plane.server.peek('Pod', 'default', bed.plane.metricsServer!.podMetrics('default', of)[0]!.name)!.spec.nodeName
    const index = bed.kubelets.findIndex((_, i) => `worker-${i + 1}` === node)
    bed.kubelets[index]!.stop()
    bed.sim.run(130 * SECOND)
    const lost = 20 - bed.plane.metricsServer!.podMetrics('default', of).length
    expect(lost).toBeGreaterThan(0)
    bed.kubelets[index]!.boot(-1)
    bed.sim.run(200 * SECOND)
    expect(bed.plane.metricsServer!.podMetrics('default', of)).toHaveLength(20)
  })
})
