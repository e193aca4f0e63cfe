import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'
import { SECOND } from '../../src/units.ts'

const web = (limit: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: server, image: 'web:v1', ports: [{ containerPort: 80 }]${limit} }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`

const LIMIT = ', resources: { requests: { memory: 100Mi }, limits: { memory: 200Mi } }'

const load = (timeline: string, limit: string) =>
  loadScenario(
    's.yaml',
    memoryFiles({
      's.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: faults }
spec:
  duration: 4m
  cluster: { images: { preloaded: true }, nodes: [{ count: 1 }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, startUp: 1s, serviceTime: 10ms }]
  traffic: [{ name: all, to: 'http://web.default.svc', arrivals: constant(10/s), start: 40s, stop: 80s }]
  timeline: [${timeline}]
`,
      'web.yaml': web(limit),
    }),
  )

async function run(timeline: string, limit = LIMIT): Promise<SimulatedRun> {
  const loaded = await load(timeline, limit)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return simulate(loaded.variants[0]!.scenario, { variant: 'v' })
}

describe('pod-slow', () => {
  test('lengthens service by its factor while it lasts, and factors multiply', async () => {
    const service = ({ summary }: SimulatedRun) => summary.traffic[0]!.blameMs.mean!.service!
    const plain = await run('')
    expect(service(plain)).toBe(10)
    const slow = await run('{ at: 10s, fault: { kind: pod-slow, pods: app=web, factor: 5 } }')
    expect(service(slow)).toBe(50)
    expect(slow.summary.faults[0]).toEqual({
      fault: 'pod-slow of all in default 5 times',
      tookEffect: true,
      effect: '2 pods were 5 times as slow for good: 400 requests took longer',
    })
    const twice = await run(
      '{ at: 10s, fault: { kind: pod-slow, pods: app=web, factor: 5 } }, { at: 11s, fault: { kind: pod-slow, pods: app=web, factor: 3 } }',
    )
    expect(service(twice)).toBe(150)
    // Half of the time.
    const half = await run('{ at: 40s, fault: { kind: pod-slow, pods: app=web, factor: 5, for: 20s } }')
    expect(Math.abs(service(half) - 30)).toBeLessThan(0.5)
    expect(half.summary.faults[0]!.effect).toMatch(/^2 pods were 5 times as slow for 20 s: (199|200|201) requests took longer$/)
  })

  test('without a request has no effect', async () => {
    const idle = await run('{ at: 100s, fault: { kind: pod-slow, pods: app=web, factor: 5, mode: one } }')
    expect(idle.summary.faults[0]).toMatchObject({
      tookEffect: false,
      effect: '1 pod was 5 times as slow for good, but began no request meanwhile',
    })
  })
})

describe('memory-leak', () => {
  const leak = (more = '') => `{ at: 60s, fault: { kind: memory-leak, pods: app=web, mode: one, rate: 10Mi/s${more} } }`

  test('ends the container at its limit, again after each restart, with back-off between', async () => {
    const leaking = await run(leak())
    const kills = [...leaking.hops].filter(({ action }) => action === 'oom-kill')
    // (200 - 100) Mi at 10 Mi a second.
    expect(kills[0]!.time).toBe(70 * SECOND)
    const starts = [...leaking.hops].filter(({ action, time }) => action === 'started container' && time > 60 * SECOND)
    expect(kills.length).toBeGreaterThanOrEqual(3)
    // The growth begins with the process: each later end is 10 s after the start before it.
    for (const [index, kill] of kills.slice(1).entries()) expect(kill.time - starts[index]!.time).toBe(10 * SECOND)
    expect(starts[1]!.time - kills[1]!.time).toBeGreaterThanOrEqual(10 * SECOND)
    expect(leaking.summary.faults[0]!.effect).toBe(
      `1 pod leaked 10485760 bytes a second for good: ${kills.length} containers came to the limit (OOMKilled)`,
    )
    expect([...leaking.hops].some(({ detail }) => detail.includes('137'))).toBe(true)
  })

  test('that ends before the limit has no effect', async () => {
    const short = await run(leak(', for: 9s'))
    expect(short.summary.faults[0]).toMatchObject({
      tookEffect: false,
      effect: '1 pod leaked 10485760 bytes a second for 9 s, and none came to its limit',
    })
  })

  test('goes on in what a kubelet that was away takes up', async () => {
    const away = await run(`${leak()}, { at: 65s, fault: { kind: kubelet-crash, node: worker-1, for: 20s } }`)
    const kills = [...away.hops].filter(({ action }) => action === 'oom-kill')
    expect(kills[0]!.time).toBe(70 * SECOND)
    expect(kills.length).toBeGreaterThanOrEqual(2)
  })

  test('without a limit is warned of', async () => {
    const loaded = await load(leak(), '')
    expect(loaded.warnings.map(({ message }) => message)).toEqual([
      'The container "server" of Deployment web has no memory limit: it only grows, as eviction for a node\'s want of memory is not modelled',
    ])
  })
})
