import { describe, expect, test } from 'vitest'
import type { Hop } from '../../src/engine/trace.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'
import { SECOND } from '../../src/units.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      initContainers: [{ name: setup, image: 'setup:v1' }]
      containers:
        - { name: server, image: 'web:v1', ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }
        - { name: helper, image: 'helper:v1' }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`

interface Options {
  readonly duration?: string
  readonly nodes?: number
  readonly workload?: string
  readonly more?: string
  readonly arrivals?: string
}

function scenario(
  fault: string,
  { duration = '4m', nodes = 1, workload = '', more = '', arrivals = 'constant(20/s)' }: Options = {},
): string {
  return `apiVersion: towtank/v1
kind: Scenario
metadata: { name: faults }
spec:
  duration: ${duration}
  cluster: { images: { preloaded: true }, nodes: [{ count: ${nodes} }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, startUp: 2s${workload} }]
  traffic: [{ name: all, to: 'http://web.default.svc', arrivals: ${arrivals} }]
  timeline: [{ at: 60s, fault: { ${fault} } }${more}]
`
}

const load = (fault: string, options?: Options) =>
  loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario(fault, options), 'web.yaml': WEB }))

async function run(fault: string, options?: Options): Promise<SimulatedRun> {
  const loaded = await load(fault, options)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return simulate(loaded.variants[0]!.scenario, { variant: 'v' })
}

async function mistakes(fault: string): Promise<string[]> {
  const loaded = await load(fault)
  return loaded.ok ? [] : loaded.problems.map(({ path, message, accepted }) => `${path}: ${message}; ${accepted}`)
}

const hops = ({ hops: trace }: SimulatedRun, action: string): Hop[] => [...trace].filter((hop) => hop.action === action)
const since = (run: SimulatedRun, action: string): Hop[] => hops(run, action).filter(({ time }) => time >= 60 * SECOND)

describe('pod-kill', () => {
  test('gives each pod a new sandbox with a new address, and begins with the init containers', async () => {
    const killed = await run('kind: pod-kill, pods: app=web')
    expect(killed.summary.faults[0]).toMatchObject({
      fault: 'pod-kill of all in default',
      tookEffect: true,
      effect: '2 pods lost all processes',
    })
    expect(since(killed, 'saw sandbox dead')).toHaveLength(2)
    expect(since(killed, 'removed sandbox')).toHaveLength(2)
    // Found within one relist, whatever the number of containers.
    for (const { time } of since(killed, 'saw sandbox dead')) expect(time).toBeLessThanOrEqual(61 * SECOND)
    expect(since(killed, 'started init container')).toHaveLength(2)
    expect(since(killed, 'started container')).toHaveLength(4)
    const addresses = hops(killed, 'set up network').map(({ detail }) => detail)
    expect(new Set(addresses).size).toBe(4)
    expect(killed.summary.deployments[0]).toMatchObject({ available: 2 })
    // No object went: the Deployment made nobody.
    expect(hops(killed, 'create').filter(({ subject }) => subject.startsWith('Pod/'))).toHaveLength(2)
  })

  test('of one strikes one', async () => {
    const killed = await run('kind: pod-kill, pods: app=web, mode: one')
    expect(killed.summary.faults[0]).toMatchObject({ effect: '1 pod lost all processes' })
    expect(since(killed, 'saw sandbox dead')).toHaveLength(1)
  })

  test('with no pod that runs has no effect, and says so', async () => {
    const killed = await run('kind: pod-kill, pods: app=web', { more: ', { at: 60s, fault: { kind: pod-kill, pods: app=web } }' })
    expect(killed.summary.faults[1]).toMatchObject({ tookEffect: false, effect: 'no such pod ran' })
  })

  test('of a pod that is never restarted ends it', async () => {
    const job = `apiVersion: v1
kind: Pod
metadata: { name: once, labels: { app: once } }
spec: { restartPolicy: Never, containers: [{ name: c, image: 'c:v1' }] }
`
    const text = scenario('kind: pod-kill, pods: app=once').replace('workloads: [', 'workloads: [{ selector: app=once }, ')
    const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': text, 'web.yaml': `${WEB}---\n${job}` }))
    if (!loaded.ok) return expect.fail(JSON.stringify(loaded.problems))
    const killed = simulate(loaded.variants[0]!.scenario, { variant: 'v' })
    expect(killed.summary.faults[0]).toMatchObject({ effect: '1 pod lost all processes' })
    const reports = hops(killed, 'patch').filter(({ subject }) => subject === 'Pod/default/once')
    expect(reports.at(-1)!.detail).toBe('phase Failed, containers terminated')
  })
})

describe('node-reboot', () => {
  const options: Options = { workload: ', serviceTime: 5s, concurrency: 100, queue: 1000', arrivals: 'constant(5/s)' }

  test('gracefully lets processes finish what they have accepted, and refuses what comes', async () => {
    const rebooted = await run('kind: node-reboot, node: worker-1, for: 30s', options)
    const hard = await run('kind: node-reboot, node: worker-1, for: 30s, shutdown: hard', options)
    const [fault] = rebooted.summary.faults
    expect(fault).toMatchObject({ fault: 'node-reboot worker-1, graceful, for 30s', tookEffect: true })
    expect(fault!.effect).toMatch(
      /^worker-1 shut down for [45](\.\d+)? s, every process ended by itself, and was away for 30 s, with 2 pods and 0 requests in flight$/,
    )
    expect(hard.summary.faults[0]!.effect).toMatch(
      /^worker-1 shut down for 0 s, and was away for 30 s, with 2 pods and [1-9]\d* requests in flight$/,
    )
    const causes = (of: SimulatedRun) => Object.fromEntries(Object.entries(of.summary.traffic[0]!.failedByCause))
    expect(Object.keys(causes(rebooted))).toContain('refused')
    expect(Object.keys(causes(hard))).not.toContain('refused')
    for (const one of [rebooted, hard]) {
      expect(since(one, 'node came back')).toHaveLength(1)
      expect(since(one, 'started container')).toHaveLength(4)
      expect(one.summary.deployments[0]).toMatchObject({ available: 2 })
    }
  })

  test('kills after 90 s what does not end', async () => {
    const rebooted = await run('kind: node-reboot, node: worker-1, for: 10s', {
      ...options,
      workload: ', serviceTime: 200s, concurrency: 100, queue: 1000',
    })
    // The two servers drain; the two helpers end at once.
    expect(rebooted.summary.faults[0]!.effect).toMatch(
      /^worker-1 shut down for 90 s, 2 processes were killed after 90 s, and was away for 10 s/,
    )
  })

  test('of a node that is down has no effect', async () => {
    const twice = await run('kind: node-crash, node: worker-1', {
      more: ', { at: 61s, fault: { kind: node-reboot, node: worker-1, for: 1s } }',
    })
    expect(twice.summary.faults[1]).toMatchObject({ tookEffect: false, effect: 'worker-1 was down already' })
  })
})

describe('disk-slow', () => {
  test('makes what starts meanwhile slower, and nothing else', async () => {
    const time = async (fault: string): Promise<number> => {
      const scaled = await run(fault, { more: ', { at: 70s, kubectl: "scale deployment/web --replicas=3" }' })
      expect(scaled.summary.traffic[0]!.failed).toBe(0)
      const [sandbox] = since(scaled, 'created sandbox')
      return sandbox!.time - sandbox!.started
    }
    // The same draw, ten times as long.
    const slow = await time('kind: disk-slow, node: worker-1, factor: 10, for: 60s')
    const well = await time('kind: disk-slow, node: worker-1, factor: 10, for: 5s')
    expect(slow / well).toBeCloseTo(10, 5)
  })

  test('says what it made slower, or that nothing was', async () => {
    const used = await run('kind: disk-slow, node: worker-1, factor: 10', {
      more: ', { at: 70s, kubectl: "scale deployment/web --replicas=3" }',
    })
    // A sandbox and three containers, whose images are there.
    expect(used.summary.faults[0]).toMatchObject({
      tookEffect: true,
      effect: 'the disk of worker-1 was 10 times as slow for good: 4 pulls and starts took longer',
    })
    const idle = await run('kind: disk-slow, node: worker-1, factor: 10, for: 10s')
    expect(idle.summary.faults[0]).toMatchObject({
      tookEffect: false,
      effect: 'the disk of worker-1 was 10 times as slow for 10 s, but nothing was pulled or started meanwhile',
    })
  })
})

describe('clock-skew', () => {
  const silences = (of: SimulatedRun): number[] => hops(of, 'noticed silence').map(({ time }) => time / SECOND)

  // Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go: the probe time is the controller's own clock when it sees a renewal.
  test('ahead has no effect, however large', async () => {
    const skewed = await run('kind: clock-skew, node: worker-1, offset: "+1h"', { duration: '10m', nodes: 2 })
    expect(skewed.summary.faults[0]).toMatchObject({ fault: 'clock-skew worker-1 +1h', tookEffect: false })
    expect(silences(skewed)).toEqual([])
    expect(skewed.summary.traffic[0]!.failed).toBe(0)
  })

  // The same place: a lease is taken for renewed only when its time is after the saved one.
  test('behind keeps the lease unseen until the clock has caught up, and the status brings the node back in between', async () => {
    const skewed = await run('kind: clock-skew, node: worker-1, offset: "-150s"', { duration: '10m', nodes: 2 })
    expect(skewed.summary.faults[0]).toMatchObject({ fault: 'clock-skew worker-1 -2m30s', tookEffect: true })
    const times = silences(skewed)
    // The last renewal that is seen is at 50 to 60 s; after 50 s of grace and a round of 5 s at most, silence. The kubelet says Ready within 10 s,
    // which counts once; 50 to 65 s later there is silence again. A report of the status, as comes every 5 min, counts as well, and delays one
    // silence. At 210 s the clock has caught up.
    expect(times.length).toBeGreaterThanOrEqual(2)
    expect(times[0]).toBeGreaterThan(100)
    expect(times[0]).toBeLessThan(120 + 60)
    for (const [i, time] of times.slice(1).entries()) expect(time - times[i]!).toBeGreaterThan(50)
    expect(times.at(-1)).toBeLessThan(210 + 60)
  })

  test('set right again is a clock that is set back', async () => {
    const skewed = await run('kind: clock-skew, node: worker-1, offset: "+2m", for: 30s', { duration: '10m', nodes: 2 })
    expect(skewed.summary.faults[0]).toMatchObject({ tookEffect: true })
    const times = silences(skewed)
    expect(times[0]).toBeGreaterThan(90 + 40)
    expect(times[0]).toBeLessThan(90 + 60)
  })
})

test('mistakes in faults are told with what is accepted', async () => {
  expect(await mistakes('kind: clock-skew, node: worker-1, offset: 2m')).toEqual([
    'spec.timeline[0].fault.offset: Cannot read "2m" as an offset: the sign is missing; a length of time with a sign, such as +30s or -2m',
  ])
  expect(await mistakes('kind: clock-skew, node: worker-1, offset: "+0s"')).toEqual([
    'spec.timeline[0].fault.offset: A clock that is right is no fault; a length of time with a sign, such as +30s or -2m',
  ])
  expect(await mistakes('kind: node-reboot, node: worker-1')).toHaveLength(1)
  expect(await mistakes('kind: node-reboot, node: worker-9, for: 0s')).toHaveLength(2)
  expect(await mistakes('kind: disk-slow, node: worker-1, factor: 0.5')).toHaveLength(1)
  expect(await mistakes('kind: pod-kill, pods: app=web, mode: two')).toHaveLength(1)
  expect(await mistakes('kind: pod-kill, pods: app=wep')).toHaveLength(1)
})
