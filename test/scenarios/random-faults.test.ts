import { describe, expect, test } from 'vitest'
import { passed } from '../../src/report/run-summary.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { type LoadedScenario, loadScenario } from '../../src/scenario/load-scenario.ts'
import type { VariantSummary } from '../../src/scenario/run-result.ts'
import { simulate } from '../../src/scenario/simulate.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 4
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: server, image: 'web:v1' }] }
`

const load = (timeline: string, more = ''): Promise<LoadedScenario> =>
  loadScenario(
    's.yaml',
    memoryFiles({
      's.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: faults }
spec:
  duration: 10m
  cluster: { images: { preloaded: true }, nodes: [{ count: 6, zone: [a, b] }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, startUp: 1s }]
  timeline: [${timeline}]
${more}`,
      'web.yaml': WEB,
    }),
  )

async function run(timeline: string, more = ''): Promise<VariantSummary[]> {
  const loaded = await load(timeline, more)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return loaded.variants.map(({ scenario, name }) => simulate(scenario, { variant: name }).summary)
}

async function mistakes(timeline: string): Promise<string[]> {
  const loaded = await load(timeline)
  return loaded.ok ? [] : loaded.problems.map(({ path, message, accepted }) => `${path}: ${message}; ${accepted}`)
}

const hasPassed = (variants: readonly VariantSummary[]): boolean =>
  passed({ schemaVersion: 1, tool: { name: 'towtank', version: '0' }, scenario: 's', seed: '0', inputHash: '', variants })

const nodesOf = ({ faults }: VariantSummary, index = 0): string[] => faults[index]!.strikes!.map(({ fault }) => fault.split(' ')[1]!)

describe('a fault of nodes that are chosen by their labels', () => {
  test('strikes all of a zone, and says of each what it did', async () => {
    const [summary] = await run(
      '{ at: 60s, fault: { kind: kubelet-crash, node: { selector: topology.kubernetes.io/zone=b, count: all }, for: 20s } }',
    )
    expect(nodesOf(summary!)).toEqual(['worker-2', 'worker-4', 'worker-6'])
    expect(summary!.faults[0]).toMatchObject({
      fault: 'kubelet-crash of all of topology.kubernetes.io/zone=b for 20s',
      tookEffect: true,
      effect: expect.stringMatching(/^3 strikes, 3 took effect: the kubelet of worker-2 was down for 20 s/),
    })
    expect(summary!.faults[0]!.strikes![0]).toEqual({
      atSeconds: 60,
      fault: 'kubelet-crash worker-2 for 20s',
      tookEffect: true,
      effect: 'the kubelet of worker-2 was down for 20 s, its containers went on',
    })
  })

  test('strikes one where nothing else is said, and half of them, rounded up', async () => {
    const one = '{ at: 60s, fault: { kind: kube-proxy-crash, node: {} } }'
    const half = '{ at: 70s, fault: { kind: kubelet-crash, node: { selector: topology.kubernetes.io/zone=a, count: 50% } } }'
    const [summary] = await run(`${one}, ${half}`)
    expect(nodesOf(summary!)).toHaveLength(1)
    expect(nodesOf(summary!, 1)).toHaveLength(2)
    for (const name of nodesOf(summary!, 1)) expect(['worker-1', 'worker-3', 'worker-5']).toContain(name)
  })

  test('of whom there is none fails the run, unless that is allowed', async () => {
    const fault = 'fault: { kind: node-crash, node: { selector: gpu=yes } }'
    const failed = await run(`{ at: 60s, ${fault} }`)
    expect(failed[0]!.faults).toEqual([
      { fault: 'node-crash of one of gpu=yes', tookEffect: false, effect: 'no node matched', strikes: [] },
    ])
    expect(hasPassed(failed)).toBe(false)
    const allowed = await run(`{ at: 60s, ${fault}, optional: true }`)
    expect(allowed[0]!.faults[0]).toMatchObject({ tookEffect: false, optional: true })
    expect(hasPassed(allowed)).toBe(true)
  })
})

test('some of the pods that match lose their processes', async () => {
  const [summary] = await run(
    '{ at: 60s, fault: { kind: container-crash, pods: app=web, mode: 3 } }, { at: 90s, fault: { kind: pod-kill, pods: app=web, mode: 30% } }',
  )
  expect(summary!.faults.map(({ fault, effect }) => `${fault}: ${effect}`)).toEqual([
    'container-crash of 3 in default: 3 containers ended with exit code 1 (Error)',
    'pod-kill of 30% in default: 2 pods lost all processes',
  ])
})

describe('a fault at random times', () => {
  const every = (more = '') => `{ every: exp(20s), from: 60s, until: 560s, fault: { kind: kubelet-crash, node: {}, for: 1s }${more} }`
  const variants = `  compare:
    fast: { cluster.kubeProxy.mode: iptables }
    other: { cluster.kubeProxy.mode: ipvs, cluster.network.sameZone: 1ms, workloads: [{ selector: app=web, startUp: 9s }] }
`

  // 500 s of a Poisson process with a mean gap of 20 s: 25 strikes, standard deviation 5; fixed by the seed.
  test('strikes as often as its rate says, within its time', async () => {
    const [summary] = await run(every())
    const times = summary!.faults[0]!.strikes!.map(({ atSeconds }) => atSeconds)
    expect(Math.abs(times.length - 25)).toBeLessThan(15)
    expect(Math.min(...times)).toBeGreaterThanOrEqual(60)
    expect(Math.max(...times)).toBeLessThan(560)
    expect(new Set(nodesOf(summary!)).size).toBeGreaterThan(3)
    expect(summary!.faults[0]).toMatchObject({ fault: 'kubelet-crash of one of the nodes for 1s every exp(20s)', tookEffect: true })
    expect(summary!.faults[0]!.effect).toMatch(/^\d+ strikes, \d+ took effect$/)
  })

  test('strikes the same nodes at the same times in every variant', async () => {
    const [one, other] = await run(every(), variants)
    const strikes = ({ faults }: VariantSummary) => faults[0]!.strikes!.map(({ atSeconds, fault }) => `${atSeconds} ${fault}`)
    expect(strikes(one!).length).toBeGreaterThan(5)
    expect(strikes(other!)).toEqual(strikes(one!))
  })

  test('has random numbers of its own: what is added later in the file changes nothing', async () => {
    const [alone] = await run(every())
    const [beside] = await run(`${every()}, ${every()}`)
    expect(beside!.faults[0]).toEqual(alone!.faults[0])
    expect(beside!.faults[1]!.strikes).not.toEqual(alone!.faults[0]!.strikes)
  })

  test('at even times strikes each time, before its end', async () => {
    const [summary] = await run('{ every: 60s, from: 100s, until: 280s, fault: { kind: oom-kill, pods: app=web, mode: one } }')
    expect(summary!.faults[0]!.strikes!.map(({ atSeconds }) => atSeconds)).toEqual([160, 220])
    expect(summary!.faults[0]!.effect).toBe(
      '2 strikes, 2 took effect: 1 containers ended with exit code 137 (OOMKilled); 1 containers ended with exit code 137 (OOMKilled)',
    )
  })

  test('whose time never comes fails the run', async () => {
    const never = await run('{ every: 1h, fault: { kind: node-crash, node: worker-1 } }')
    expect(never[0]!.faults[0]).toMatchObject({ tookEffect: false, strikes: [], effect: 'its first time was after 600 s' })
    expect(hasPassed(never)).toBe(false)
  })
})

test('what cannot be meant is refused', async () => {
  const crash = 'fault: { kind: node-crash, node: worker-1 }'
  expect(await mistakes(`{ every: 0s, ${crash} }`)).toEqual([expect.stringContaining('less than 1 ms on average')])
  expect(await mistakes(`{ every: 10s, from: 10m, ${crash} }`)).toEqual([
    'spec.timeline[0].from: Faults cannot strike from 10m: the run ends at 10m; a time below 10m',
  ])
  expect(await mistakes(`{ every: 10s, until: 11m, ${crash} }`)).toEqual([
    'spec.timeline[0].until: Faults cannot strike until 11m: the run ends at 10m; a time up to 10m',
  ])
  expect(await mistakes(`{ every: 10s, until: 20s, ${crash} }`)).toEqual([
    'spec.timeline[0].until: The time until 20s does not come after its beginning at 30s; an "until" after 30s',
  ])
  expect(await mistakes(`{ every: 10s, at: 20s, ${crash} }`)).toHaveLength(1)
  expect(await mistakes('{ at: 10s, fault: { kind: node-crash, node: { selector: "a=", count: 0% } } }')).toEqual([
    expect.stringContaining('strikes nobody'),
  ])
  expect(await mistakes('{ at: 10s, fault: { kind: node-crash, node: { selector: "a==b==c" } } }')).toEqual([
    expect.stringContaining('as a label selector'),
  ])
  expect(await mistakes('{ at: 10s, fault: { kind: pod-kill, pods: app=web, mode: most } }')).toEqual([
    expect.stringContaining('Cannot read "most" as a number of them'),
  ])
})
