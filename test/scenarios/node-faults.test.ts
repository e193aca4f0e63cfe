import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { type SimulatedRun, simulate } from '../../src/scenario/simulate.ts'

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: server, image: 'web:v1', ports: [{ containerPort: 80 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
`

function scenario(fault: string, workload = ''): string {
  return `apiVersion: towtank/v1
kind: Scenario
metadata: { name: faults }
spec:
  duration: 3m
  cluster: { images: { preloaded: true }, nodes: [{ count: 1 }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, startUp: 2s${workload} }]
  traffic: [{ name: all, to: 'http://web.default.svc', arrivals: constant(20/s) }]
  timeline: [{ at: 60s, fault: { ${fault} } }]
`
}

async function run(fault: string, workload = ''): Promise<SimulatedRun> {
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario(fault, workload), 'web.yaml': WEB }))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return simulate(loaded.variants[0]!.scenario, { variant: 'v' })
}

async function mistakes(fault: string, workload = ''): Promise<string[]> {
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': scenario(fault, workload), 'web.yaml': WEB }))
  return loaded.ok ? [] : loaded.problems.map(({ message }) => message)
}

function count({ hops }: SimulatedRun, action: string): number {
  let found = 0
  for (let id = 0; id < hops.length; id++) if (hops.hop(id).action === action) found++
  return found
}

describe('faults of the node agents', () => {
  test('a crashed kubelet fails no request, and is noticed as silence only when it stays away', async () => {
    const short = await run('kind: kubelet-crash, node: worker-1, for: 20s')
    expect(short.summary.faults[0]).toMatchObject({ tookEffect: true })
    expect(short.summary.traffic[0]!.failed).toBe(0)
    expect([count(short, 'noticed silence'), count(short, 'started container')]).toEqual([0, 2])
    const long = await run('kind: kubelet-crash, node: worker-1')
    expect(count(long, 'noticed silence')).toBe(1)
  })

  test('a container crash restarts every container, and fails requests until they listen again', async () => {
    const result = await run('kind: container-crash, pods: app=web')
    expect(result.summary.faults[0]).toMatchObject({ tookEffect: true, effect: '2 containers ended with exit code 1 (Error)' })
    expect(count(result, 'started container')).toBe(4)
    // Detected within 1 s by the relist, started, and listening 2 s later: between 2 and 4 s at 20 requests a second.
    expect(result.summary.traffic[0]!.failed).toBeGreaterThan(2 * 20)
    expect(result.summary.traffic[0]!.failed).toBeLessThan(4 * 20)
  })

  test('an oom-kill says so, and one without a target has no effect', async () => {
    const result = await run('kind: oom-kill, pods: app=web, container: server')
    expect(result.summary.faults[0]!.effect).toBe('2 containers ended with exit code 137 (OOMKilled)')
    const none = await run('kind: oom-kill, pods: app=web, container: other')
    expect(none.summary.faults[0]).toMatchObject({ tookEffect: false, effect: 'no such container ran' })
  })

  test('workloads that fail by themselves crash-loop', async () => {
    const result = await run('kind: oom-kill, pods: app=web', ', run: { duration: 5s, failProbability: 1, exitCode: 9 }')
    // Starts at about 0, 5, 20, 45, 90 and 175 s for each of two pods; the fault may come in a run or between.
    expect(count(result, 'container exited')).toBeGreaterThanOrEqual(8)
    expect(count(result, 'container exited')).toBeLessThanOrEqual(12)
  })

  test('mistakes in them are told', async () => {
    expect(await mistakes('kind: container-crash, pods: app=wed')).toEqual([
      'The selector "app=wed" matches no pod of the manifests in the namespace "default"',
    ])
    expect(await mistakes('kind: kubelet-crash, node: worker-9')).toEqual(['There is no node "worker-9"'])
    expect((await mistakes('kind: oom-kill, node: worker-1')).length).toBeGreaterThan(0)
    expect((await mistakes('kind: oom-kill, pods: app=web', ', run: { duration: 5s, failProbability: 2 }')).length).toBe(1)
  })
})
