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
      topologySpreadConstraints: [{ maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: web } } }]
      containers: [{ name: server, image: 'web:v1', ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`
const JOB = `---
apiVersion: batch/v1
kind: Job
metadata: { name: sums }
spec: { template: { metadata: { labels: { app: sums } }, spec: { restartPolicy: Never, nodeSelector: { kubernetes.io/hostname: worker-1 }, containers: [{ name: c, image: 'sums:v1' }] } } }
`
const POLICY = `---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: all-may }
spec: { podSelector: {}, ingress: [{}] }
`

interface Options {
  readonly timeline: string
  readonly duration?: string
  readonly cluster?: string
  readonly manifests?: string
}

const load = ({ timeline, duration = '3m', cluster = '', manifests = WEB }: Options) =>
  loadScenario(
    's.yaml',
    memoryFiles({
      'web.yaml': manifests,
      's.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: freeze }
spec:
  duration: ${duration}
  cluster: { images: { preloaded: true }, nodes: [{ count: 2 }]${cluster} }
  manifests: [web.yaml]
  workloads: [${manifests.includes('app: sums') ? '{ selector: app=sums, run: { duration: 50s } }, ' : ''}{ selector: app=web, startUp: 2s }]
  traffic: [{ name: all, to: 'http://web.default.svc', arrivals: constant(20/s), timeout: 2s }]
  timeline: [${timeline}]
`,
    }),
  )

async function run(options: Options): Promise<SimulatedRun> {
  const loaded = await load(options)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return simulate(loaded.variants[0]!.scenario, { variant: 'v' })
}

async function mistakes(options: Options): Promise<string[]> {
  const loaded = await load(options)
  return loaded.ok ? [] : loaded.problems.map(({ path, message, accepted }) => `${path}: ${message}; ${accepted}`)
}

const freeze = (length: string, at = '60s'): string => `{ at: ${at}, fault: { kind: node-freeze, node: worker-1, for: ${length} } }`

/** What happened from the fault on, that the actors of a kind did. */
const since = ({ hops }: SimulatedRun, actor: string): Hop[] =>
  [...hops].filter((hop) => hop.time >= 60 * SECOND && hop.actor.startsWith(actor))
const seconds = ({ time }: Hop): number => time / SECOND

test('30 s: shorter than the grace period, so nobody in the control plane notices, and the load balancer does', async () => {
  const still = await run({ timeline: freeze('30s') })
  const [fault] = still.summary.faults
  expect(fault).toMatchObject({ fault: 'node-freeze worker-1 for 30s', tookEffect: true })
  expect(fault!.effect).toMatch(/^worker-1 stood still for 30 s, with 1 pod and \d+ requests in flight$/)
  expect([...still.hops].filter(({ time }) => time >= 60 * SECOND).map(({ actor, action }) => `${actor} ${action}`)).toEqual([
    'fault node stands still',
    'fault node goes on',
  ])
  const [all] = still.summary.traffic
  // Half go to the pod there, and until the balancer has taken the node out half of the others enter by it.
  expect(all!.failed).toBeGreaterThan(30 * 20 * 0.45)
  expect(all!.failed).toBeLessThan(30 * 20 * 0.75)
  expect(all!.ok + all!.failed + all!.inFlight).toBe(all!.sent)
})

describe('120 s: longer than the grace period', () => {
  test('the node is Unknown, its endpoint goes, and all is as before when it goes on', async () => {
    const still = await run({ timeline: freeze('2m'), duration: '5m' })
    const lifecycle = since(still, 'node-lifecycle-controller')
    expect(lifecycle.map(({ detail }) => detail)).toEqual([
      expect.stringMatching(/^no heartbeat seen for 50\d\d\d ms$/),
      'Ready=Unknown: kubelet stopped posting status',
      'tainted node.kubernetes.io/unreachable:NoSchedule',
      'Ready=False: node worker-1 is not ready',
      'tainted node.kubernetes.io/unreachable:NoExecute',
      'heartbeats are back: taints removed',
    ])
    // The last heartbeat before the fault was up to 10 s old, and the controller looks every 5 s.
    expect(seconds(lifecycle[0]!)).toBeGreaterThan(100)
    expect(seconds(lifecycle[0]!)).toBeLessThan(115.1)
    expect(seconds(lifecycle.at(-1)!)).toBeGreaterThan(180)
    expect(seconds(lifecycle.at(-1)!)).toBeLessThan(181)
    // Nothing of the node happens while it stands still, and at once what was due.
    for (const hop of [...since(still, 'kubelet/worker-1'), ...since(still, 'kube-proxy/worker-1')])
      expect(seconds(hop)).toBeGreaterThanOrEqual(180)
    expect(since(still, 'kubelet/worker-1')[0]).toMatchObject({ action: 'patch', detail: 'Ready=True: kubelet is ready' })
    expect(seconds(since(still, 'kubelet/worker-1')[0]!)).toBeLessThan(180.1)
    // Its kube-proxy had not heard that its own endpoint was gone.
    expect(seconds(since(still, 'kube-proxy/worker-1')[0]!)).toBeLessThan(181.1)
    // Nobody was evicted, nothing was started anew.
    expect([...still.hops].filter(({ action }) => action === 'started container')).toHaveLength(2)
    expect(
      since(still, 'endpointslice-controller')
        .filter(({ action }) => action === 'update')
        .map(({ detail }) => detail),
    ).toEqual(['endpoints: 2 of 2 ready before, 1 of 2 now', 'endpoints: 1 of 2 ready before, 2 of 2 now'])
    expect(still.summary.deployments[0]).toMatchObject({ available: 2 })
  })

  test('what happened meanwhile is learnt at the end: a pod that was deleted is asked to end then', async () => {
    const pods = `${freeze('2m')}, { at: 70s, kubectl: 'delete deployment/web' }`
    const still = await run({ timeline: pods, duration: '5m' })
    const terminations = [...still.hops].filter(({ action }) => action === 'began termination')
    expect(terminations.map(({ actor }) => actor)).toEqual(['kubelet/worker-2', 'kubelet/worker-1'])
    expect(seconds(terminations[0]!)).toBeLessThan(71)
    expect(seconds(terminations[1]!)).toBeGreaterThanOrEqual(180)
    expect(seconds(terminations[1]!)).toBeLessThan(180.5)
  })
})

test('400 s: evicted pods are replaced where there is a place, and the kubelet ends the old one when it goes on, though its watch was given up', async () => {
  const still = await run({ timeline: freeze('400s'), duration: '10m', manifests: WEB.replace('DoNotSchedule', 'ScheduleAnyway') + POLICY })
  const [evicted] = since(still, 'taint-eviction-controller')
  expect(evicted).toMatchObject({ action: 'delete', detail: 'tolerated the taint of worker-1 for 300 s' })
  const old = since(still, 'kubelet/worker-1').filter(({ subject }) => subject === evicted!.subject)
  expect(old[0]).toMatchObject({ action: 'began termination' })
  expect(seconds(old[0]!)).toBeGreaterThanOrEqual(460)
  expect(seconds(old[0]!)).toBeLessThan(461)
  expect(since(still, 'etcd').some(({ action, subject }) => action === 'removed' && subject === evicted!.subject)).toBe(true)
  // Changes since the connections were given up, at 210 s, are learnt by watching again from where the watch was.
  const heard = since(still, 'kube-proxy/worker-1').filter(({ time }) => time < 462 * SECOND)
  expect(heard.length).toBeGreaterThanOrEqual(2)
  expect(still.summary.deployments[0]).toMatchObject({ available: 2 })
})

test('the work of containers goes on with what was left of it', async () => {
  const ended = ({ hops }: SimulatedRun): number =>
    [...hops].find(({ action, subject }) => action === 'container exited' && subject.startsWith('Pod/default/sums'))!.time
  const reported = ({ hops }: SimulatedRun): number =>
    [...hops].find(({ detail, subject }) => detail.startsWith('phase Succeeded') && subject.startsWith('Pod/default/sums'))!.time
  const manifests = WEB + JOB
  const without = await run({ timeline: '', manifests })
  const still = await run({ timeline: freeze('30s', '20s'), manifests })
  expect(ended(still) - ended(without)).toBe(30 * SECOND)
  expect(reported(still) - reported(without)).toBeGreaterThan(29 * SECOND)
  expect(reported(still) - reported(without)).toBeLessThan(31 * SECOND)
})

test('of a node without pods and requests it says so', async () => {
  const still = await run({ timeline: freeze('30s', '1ms') })
  expect(still.summary.faults[0]).toMatchObject({
    tookEffect: true,
    effect: 'worker-1 stood still for 30 s, with 0 pods and 0 requests in flight',
  })
})

describe('with other faults', () => {
  test('a node that loses its power meanwhile is down as after any crash, and comes back empty', async () => {
    const still = await run({
      timeline: `${freeze('60s')}, { at: 80s, fault: { kind: node-crash, node: worker-1, for: 20s } }`,
      duration: '4m',
    })
    const [frozen, crashed] = still.summary.faults
    expect(frozen!.effect).toMatch(/in flight; it lost its power before the end of that$/)
    expect(crashed!.tookEffect).toBe(true)
    expect(since(still, 'kubelet/worker-1')[0]).toMatchObject({ action: 'started' })
    expect(since(still, 'kubelet/worker-1').every(({ time }) => time > 100 * SECOND)).toBe(true)
    expect(still.summary.deployments[0]).toMatchObject({ available: 2 })
  })

  test('a second one has no effect, and neither have faults of what does not run', async () => {
    const kinds = ['node-freeze, for: 5s', 'kubelet-crash', 'kube-proxy-crash', 'node-reboot, for: 5s'].map(
      (kind, n) => `{ at: ${61 + n}s, optional: true, fault: { kind: ${kind}, node: worker-1 } }`,
    )
    const pods = '{ at: 70s, fault: { kind: pod-kill, pods: app=web } }'
    const still = await run({ timeline: [freeze('30s'), ...kinds, pods].join(', ') })
    expect(still.summary.faults.slice(1).map(({ effect }) => effect)).toEqual([
      'worker-1 stood still already',
      'worker-1 stood still: nothing of it could crash',
      'worker-1 stood still: nothing of it could crash',
      'worker-1 stood still: nothing on it could be asked to end',
      '1 pod lost all processes',
    ])
    expect(still.summary.faults.slice(1, 5).map(({ tookEffect }) => tookEffect)).toEqual([false, false, false, false])
  })

  test('a node that is down does not stand still', async () => {
    const still = await run({ timeline: `{ at: 50s, fault: { kind: node-crash, node: worker-1 } }, ${freeze('30s')}` })
    expect(still.summary.faults[1]).toMatchObject({ tookEffect: false, effect: 'worker-1 was down' })
  })

  test('one that is not over at the end of the run says so', async () => {
    const still = await run({ timeline: freeze('10m') })
    expect(still.summary.faults[0]!.effect).toMatch(/^worker-1 stood still to the end of the run, with 1 pod/)
  })
})

describe('where the control plane runs', () => {
  const cluster = ', install: kubeadm'

  test('a named node is a mistake', async () => {
    const timeline = '{ at: 60s, fault: { kind: node-freeze, node: control-plane-1, for: 30s } }'
    expect(await mistakes({ timeline, cluster })).toEqual([
      'spec.timeline[0].fault.node: That "control-plane-1" stands still is not modelled: the control plane runs there; a node without components of the control plane, such as worker-1; or the fault node-crash',
    ])
  })

  test('a chosen one is left out, and the others stand still', async () => {
    const still = await run({ timeline: '{ at: 60s, fault: { kind: node-freeze, node: { count: all }, for: 30s } }', cluster })
    const { strikes } = still.summary.faults[0]!
    expect(strikes!.map(({ tookEffect }) => tookEffect)).toEqual([false, true, true])
    expect(strikes![0]!.effect).toBe(
      'control-plane-1 was left out: that a machine with etcd, kube-apiserver, kube-controller-manager, kube-scheduler stands still is not modelled',
    )
  })
})

test('mistakes in a scenario are named', async () => {
  const one = (fault: string): Promise<string[]> => mistakes({ timeline: `{ at: 60s, fault: { kind: node-freeze, ${fault} } }` })
  expect(await one('node: worker-1')).toHaveLength(1)
  expect(await one('node: worker-1, for: 0s')).toEqual([
    'spec.timeline[0].fault.for: A fault of no length is none; a length of time above 0, or no "for" when it stays',
  ])
  expect(await one('node: worker-9, for: 5s')).toHaveLength(1)
})

test('the same seed gives the same run, and a run in which nothing stands still is not changed by what could', async () => {
  const [first, second] = [await run({ timeline: freeze('100s') }), await run({ timeline: freeze('100s') })]
  expect(second.summary).toEqual(first.summary)
  const told = ({ hops, summary }: SimulatedRun) => ({ hops: [...hops], traffic: summary.traffic })
  const never = '{ at: 170s, optional: true, fault: { kind: node-freeze, node: { selector: none=such }, for: 5s } }'
  expect(told(await run({ timeline: never, manifests: WEB + POLICY }))).toEqual(told(await run({ timeline: '', manifests: WEB + POLICY })))
})
