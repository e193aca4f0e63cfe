import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'

const pod = (name: string, port: number, protocol: string): string => `apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { app: ${name} } }
spec: { containers: [{ name: main, image: "${name}:v1", ports: [{ containerPort: ${port}, protocol: ${protocol} }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: ${name} }, ports: [{ port: ${port}, protocol: ${protocol} }] }
`

const load = (fault: string, cluster = ', dns: { service: names.default }') =>
  loadScenario(
    's.yaml',
    memoryFiles({
      's.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: dns-failure }
spec:
  duration: 120s
  cluster: { images: { preloaded: true }, nodes: [{ count: 1 }]${cluster} }
  manifests: [a.yaml]
  workloads: [{ selector: app=web, startUp: 1s, serviceTime: 1ms }, { selector: app=names, startUp: 1s, serviceTime: 100us }]
  traffic: [{ name: all, to: 'http://web.default', from: { pods: app=web }, arrivals: constant(10/s), timeout: 30s, start: 40s, stop: 80s }]
  timeline: [{ at: 30s, fault: { kind: dns-failure${fault} } }]
`,
      'a.yaml': `${pod('web', 80, 'TCP')}---\n${pod('names', 53, 'UDP')}`,
    }),
  )

async function run(fault: string) {
  const loaded = await load(fault)
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const { summary } = simulate(loaded.variants[0]!.scenario, { variant: 'v' })
  return { traffic: summary.traffic[0]!, fault: summary.faults[0]! }
}

describe('dns-failure', () => {
  test('of all queries, for good: every lookup fails after 10 s', async () => {
    const { traffic, fault } = await run('')
    expect(traffic.failedByCause).toEqual({ 'dns-failed': 400 })
    expect(fault).toEqual({
      fault: 'dns-failure none, all',
      tookEffect: true,
      effect: '1600 queries of 400 lookups had no answer',
    })
  })

  test('with SERVFAIL: at once', async () => {
    const { traffic, fault } = await run(', answer: servfail, for: 30s')
    // From 40 s to 60 s.
    expect(Math.abs(traffic.failedByCause['dns-failed']! - 200)).toBeLessThanOrEqual(1)
    expect(traffic.latencyMs.max!).toBeLessThan(20)
    expect(fault.fault).toBe('dns-failure servfail, all for 30s')
    expect(fault.effect).toMatch(/^(796|800|804) queries of (199|200|201) lookups had SERVFAIL for an answer$/)
  })

  test('of a share', async () => {
    const { traffic, fault } = await run(', share: 20%')
    // Two names of two queries each, twice at most: 1 - 0.8^4 = 59 % of 400 are struck, 236 with a standard deviation of 9.8; a name is not found
    // with 0.36^2, so 24.2 % fail, 97 with a standard deviation of 8.6.
    expect(fault.fault).toBe('dns-failure none, 20%')
    expect(Math.abs(traffic.failedByCause['dns-failed']! - 97)).toBeLessThan(30)
    const struck = Number(/of (\d+) lookups/.exec(fault.effect)![1])
    expect(Math.abs(struck - 236)).toBeLessThan(35)
  })

  test('that nobody met has no effect', async () => {
    const { fault } = await run(', for: 5s')
    expect(fault).toMatchObject({ tookEffect: false, effect: 'no query was struck for 5 s' })
  })

  test.each([
    ['', '', 'Names are resolved at once, so no DNS server can fail'],
    [', share: 0%', undefined, 'A fault of no query is none'],
    [', share: 200%', undefined, '"200%" is more than everything'],
    [', for: 0s', undefined, 'A fault of no length is none'],
    [', answer: nxdomain', undefined, 'Cannot use "nxdomain" here'],
  ])('%s is refused', async (fault, cluster, message) => {
    const loaded = await load(fault, cluster)
    expect(loaded.ok ? [] : loaded.problems.map((problem) => problem.message)).toEqual([message])
  })
})
