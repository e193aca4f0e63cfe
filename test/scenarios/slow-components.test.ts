import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../src/units.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: server, image: 'web:v1', ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`

const scenario = (timeline: string, cluster: string): string => `apiVersion: towtank/v1
kind: Scenario
metadata: { name: slow }
spec:
  duration: 2m
  cluster: { images: { preloaded: true }, nodes: [{ count: 2 }]${cluster} }
  manifests: [web.yaml]
  timeline: [${timeline}]
`

const load = (timeline: string, cluster: string) =>
  loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario(timeline, cluster), 'web.yaml': WEB }))

async function run(timeline: string, cluster = ''): Promise<SimulatedRun> {
  const loaded = await load(timeline, cluster)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return simulate(loaded.variants[0]!.scenario, { variant: 'v' })
}

async function mistakes(fault: string, cluster = ''): Promise<string[]> {
  const loaded = await load(`{ at: 60s, fault: { ${fault} } }`, cluster)
  if (loaded.ok) return expect.fail(`"${fault}" was accepted`)
  return loaded.problems.map(({ path, message, accepted }) => `${path}: ${message}; ${accepted}`)
}

const SCALE = '{ at: 70s, kubectl: "scale deployment/web --replicas=4" }'

/** How long what has that action took after the scale-up, by who did it. */
function took(of: SimulatedRun, actor: string, action: string): Nanos[] {
  return [...of.hops]
    .filter((hop) => hop.actor === actor && hop.action === action && hop.time > 70 * SECOND)
    .map(({ time, started }) => time - started)
}

const fault = (what: string, at = '60s'): string => `{ at: ${at}, fault: { ${what} } }`

/** Of the run with the fault to that without. */
async function ratio(what: string, actor: string, action: string): Promise<number> {
  const [plain] = took(await run(SCALE), actor, action)
  const [slow] = took(await run(`${fault(what)}, ${SCALE}`), actor, action)
  return slow! / plain!
}

describe('what a slow component does takes as many times as long', () => {
  test.each([
    ['kind: api-server-slow, factor: 4', 'kube-apiserver', 'authenticated'],
    ['kind: api-server-slow, server: 1, factor: 4', 'kube-apiserver', 'authorised'],
    ['kind: scheduler-slow, factor: 4', 'kube-scheduler', 'chose'],
  ])('%s', async (what, actor, action) => {
    expect(await ratio(what, actor, action)).toBeCloseTo(4, 4)
    // It ends; what follows is as fast as before.
    expect(await ratio(`${what}, for: 5s`, actor, action)).toBe(1)
  })

  test.each([1, 2])('API server %i of two, and not the other', async (server) => {
    const slow = await run(`${fault(`kind: api-server-slow, server: ${server}, factor: 1000`)}, ${SCALE}`, ', apiServer: { count: 2 }')
    expect(slow.summary.faults[0]!.effect).toMatch(new RegExp(`^kube-apiserver-${server} was 1000 times as slow for good: `))
    const of = (id: number) => took(slow, `kube-apiserver-${id}`, 'authenticated')
    // 0.06 ms at the median, and 0.3 ms at the 99th percentile.
    for (const time of of(server)) expect(time).toBeGreaterThan(5 * MILLISECOND)
    for (const time of of(3 - server)) expect(time).toBeLessThan(2 * MILLISECOND)
    expect(of(1).length).toBeGreaterThan(0)
    expect(of(2).length).toBeGreaterThan(0)
  })

  test('kubelets and kube-proxies of nodes that are chosen, and of no other', async () => {
    const plain = await run(SCALE)
    const all = await run(`${fault('kind: kubelet-slow, factor: 4, node: { count: all }')}, ${SCALE}`)
    for (const node of ['worker-1', 'worker-2']) {
      const accepted = (of: SimulatedRun) => took(of, `kubelet/${node}`, 'accepted')
      expect(accepted(plain)).toHaveLength(1)
      expect(accepted(all)[0]! / accepted(plain)[0]!).toBeCloseTo(4, 4)
    }
    const one = await run(`${fault('kind: kube-proxy-slow, factor: 4, node: worker-2')}, ${SCALE}`)
    const programmed = (of: SimulatedRun, node: string) => took(of, `kube-proxy/${node}`, 'programmed')[0]!
    expect(programmed(one, 'worker-2') / programmed(plain, 'worker-2')).toBeCloseTo(4, 4)
    expect(programmed(one, 'worker-1')).toBe(programmed(plain, 'worker-1'))
  })
})

describe('the report', () => {
  test('counts what took longer', async () => {
    const counted = async (what: string) => {
      const [first] = (await run(`${fault(what)}, ${SCALE}`)).summary.faults
      return first
    }
    expect(await counted('kind: scheduler-slow, factor: 4, for: 30s')).toMatchObject({
      fault: 'scheduler-slow of the leader 4 times for 30s',
      tookEffect: true,
      effect: 'kube-scheduler on control-plane was 4 times as slow for 30 s: 2 scheduling cycles took longer',
    })
    expect(await counted('kind: controller-manager-slow, replica: 1, factor: 2')).toMatchObject({
      fault: 'controller-manager-slow of replica 1 2 times',
      tookEffect: true,
      effect: expect.stringMatching(/^kube-controller-manager on control-plane was 2 times as slow for good: \d+ reconciles took longer$/),
    })
    expect(await counted('kind: api-server-slow, factor: 1.5, for: 10s')).toMatchObject({
      fault: 'api-server-slow of a random server 1.5 times for 10s',
      tookEffect: true,
      effect: expect.stringMatching(/^kube-apiserver was 1.5 times as slow for 10 s: \d+ steps of its work took longer$/),
    })
    expect(await counted('kind: kubelet-slow, node: worker-1, factor: 3')).toMatchObject({
      fault: 'kubelet-slow worker-1 3 times',
      tookEffect: true,
      effect: 'the kubelet of worker-1 was 3 times as slow for good: 2 steps of its work took longer',
    })
    expect(await counted('kind: kube-proxy-slow, node: worker-1, factor: 3, for: 20s')).toMatchObject({
      fault: 'kube-proxy-slow worker-1 3 times for 20s',
      tookEffect: true,
      effect: expect.stringMatching(/^the kube-proxy of worker-1 was 3 times as slow for 20 s: \d+ syncs? took longer$/),
    })
  })

  test.each([
    ['kind: scheduler-slow, factor: 4', 'kube-scheduler on control-plane was 4 times as slow for good'],
    ['kind: kubelet-slow, node: worker-1, factor: 4, for: 10s', 'the kubelet of worker-1 was 4 times as slow for 10 s'],
    ['kind: kube-proxy-slow, node: worker-1, factor: 4, for: 1s', 'the kube-proxy of worker-1 was 4 times as slow for 1 s'],
    ['kind: api-server-slow, factor: 1', 'kube-apiserver was 1 times as slow for good'],
  ])('nothing took longer: %s', async (what, slowed) => {
    const { summary } = await run(fault(what))
    expect(summary.faults[0]).toMatchObject({ tookEffect: false, effect: `${slowed}, but nothing that it did meanwhile took longer` })
  })

  test.each([
    ['kind: api-server-crash, server: 1', 'kind: api-server-slow, server: 1, factor: 2', 'kube-apiserver was down: it did nothing'],
    ['kind: api-server-crash', 'kind: api-server-slow, factor: 2', 'every API server was down'],
    ['kind: scheduler-crash', 'kind: scheduler-slow, factor: 2', 'kube-scheduler was down: it did nothing'],
    [
      'kind: kubelet-crash, node: worker-1',
      'kind: kubelet-slow, node: worker-1, factor: 2',
      'the kubelet of worker-1 was down: it did nothing',
    ],
    [
      'kind: kube-proxy-crash, node: worker-1',
      'kind: kube-proxy-slow, node: worker-1, factor: 2',
      'the kube-proxy of worker-1 was down: it did nothing',
    ],
  ])('%s, then %s', async (crash, slow, effect) => {
    const { summary } = await run(`${fault(crash, '50s')}, ${fault(slow)}`)
    expect(summary.faults[1]).toMatchObject({ tookEffect: false, effect })
  })

  test('a standby does nothing', async () => {
    const { summary } = await run(`${fault('kind: scheduler-slow, replica: 2, factor: 4')}, ${SCALE}`, ', install: kubeadm-ha')
    expect(summary.faults[0]).toMatchObject({
      tookEffect: false,
      effect: 'kube-scheduler on control-plane-2 was 4 times as slow for good, but nothing that it did meanwhile took longer',
    })
  })
})

test('with a slow control-plane node the kubelet takes longer to start the components after a reboot', async () => {
  const back = async (slow: string): Promise<Nanos> => {
    const timeline = `${slow}{ at: 60s, fault: { kind: node-reboot, node: control-plane-1, shutdown: hard, for: 10s } }`
    const [hop] = [...(await run(timeline, ', install: kubeadm')).hops].filter(
      ({ actor, action }) => actor === 'kubelet/control-plane-1' && action === 'started static pod',
    )
    return hop!.time - hop!.started
  }
  const longer = (await back('{ at: 50s, fault: { kind: kubelet-slow, node: control-plane-1, factor: 5 } }, ')) - (await back(''))
  // Four times the start of the kubelet, 1 s, and a sync of some milliseconds.
  expect(longer).toBeGreaterThan(4 * SECOND)
  expect(longer).toBeLessThan(4 * SECOND + 100 * 4 * MILLISECOND)
})

test('mistakes are told with what is accepted', async () => {
  expect(await mistakes('kind: api-server-slow, server: 2, factor: 2')).toEqual([
    'spec.timeline[0].fault.server: There is no API server 2; 1 (spec.cluster.apiServer.count), or random',
  ])
  expect(await mistakes('kind: scheduler-slow, replica: 2, factor: 2')).toEqual([
    'spec.timeline[0].fault.replica: kube-scheduler has no replica 2; 1',
  ])
  expect(await mistakes('kind: controller-manager-slow, replica: 4, factor: 2', ', install: kubeadm-ha')).toEqual([
    'spec.timeline[0].fault.replica: kube-controller-manager has no replica 4; 1 to 3 (spec.cluster.install)',
  ])
  for (const kind of ['api-server-slow', 'scheduler-slow', 'kubelet-slow, node: worker-1', 'kube-proxy-slow, node: worker-1'])
    expect(await mistakes(`kind: ${kind}, factor: 2, for: 0s`)).toEqual([
      'spec.timeline[0].fault.for: A fault of no length is none; a length of time above 0, or no "for" when it stays',
    ])
  expect(await mistakes('kind: kubelet-slow, node: worker-9, factor: 2')).toHaveLength(1)
  expect(await mistakes('kind: kube-proxy-slow, node: worker-1')).toHaveLength(1)
  expect(await mistakes('kind: kube-proxy-slow, node: worker-1, factor: 0.5')).toHaveLength(1)
  expect(await mistakes('kind: api-server-slow, factor: 1001')).toHaveLength(1)
  expect(await mistakes('kind: scheduler-slow')).toHaveLength(1)
})

test('a run ends as usual, however large the product of factors is', async () => {
  const times = ['60s', '61s', '62s', '63s', '64s', '65s']
  const slow = times.flatMap((at) => [
    fault('kind: api-server-slow, factor: 1000', at),
    fault('kind: controller-manager-slow, factor: 1000000', at),
    fault('kind: scheduler-slow, factor: 1000000', at),
    fault('kind: kubelet-slow, node: worker-1, factor: 1000000', at),
    fault('kind: kube-proxy-slow, node: worker-1, factor: 1000000', at),
  ])
  const { hops } = await run([...slow.map((entry) => entry.replace(/ }$/, ', optional: true }')), SCALE].join(', '))
  expect([...hops].some(({ time }) => time > 70 * SECOND)).toBe(true)
})
