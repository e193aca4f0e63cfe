import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const app = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers: [{ name: server, image: '${name}:v1', ports: [{ containerPort: 8080 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }] }
`

/** A scenario of three apps `a`, `b` and `c`, with these workloads. */
function load(workloads: string) {
  return loadScenario(
    'scenario.yaml',
    memoryFiles({
      'scenario.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: shop }
spec:
  manifests: [shop.yaml]
  workloads:
${workloads}
`,
      'shop.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n---\n${['a', 'b', 'c'].map(app).join('---\n')}`,
    }),
  )
}

/** The workloads of a scenario without mistakes. */
async function workloads(text: string) {
  const loaded = await load(text)
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  return loaded.variants[0]!.scenario.workloads
}

/** `line:column message [accepted]` of every mistake. */
async function mistakes(text: string): Promise<readonly string[]> {
  const loaded = await load(text)
  return loaded.ok
    ? []
    : loaded.problems.map(
        ({ line, column, message, accepted }) => `${line}:${column} ${message}${accepted === null ? '' : ` [${accepted}]`}`,
      )
}

describe('errors', () => {
  test('are a share, with the code 500 when none is given', async () => {
    const [a, b] = await workloads(`    - { selector: app=a, errors: { probability: 1% } }
    - { selector: app=b, errors: { probability: 0.5, code: 503 } }`)
    expect([a!.errors, b!.errors]).toEqual([
      { probability: 0.01, code: 500 },
      { probability: 0.5, code: 503 },
    ])
  })

  test('of a share that is none are a mistake, and so are those of an ingress controller', async () => {
    expect(
      await mistakes(`    - { selector: app=a, errors: { probability: 5 } }
    - { selector: app=b, ingressController: {}, errors: { probability: 1% } }`),
    ).toEqual([
      '7:49 "5" is more than everything [a share, such as 1% or 0.01]',
      '8:57 An ingress controller has no "errors": it passes requests on ["errors" of the pods behind it]',
    ])
  })
})

describe('calls', () => {
  test('are steps in order, with names, defaults and groups', async () => {
    const [a] = await workloads(`    - selector: app=a
      calls:
        - { to: http://b.shop, probability: 60%, optional: true, connection: { keepAlive: 10s } }
        - { to: http://b.shop.svc, when: failed, at: 0.75, name: again }
        - parallel: [{ to: http://b.shop, count: 2 }, { to: http://c.shop, timeout: 100ms }]`)
    const target = (service: string, host: string) => ({ namespace: 'shop', service, port: 80, host, path: '/' })
    const plain = { probability: 1, count: 1, timeout: 2e9, optional: false }
    expect(a!.calls).toEqual([
      {
        at: 0.5,
        when: 'always',
        parallel: false,
        calls: [
          {
            ...plain,
            name: 'a -> b',
            target: target('b', 'b.shop'),
            probability: 0.6,
            optional: true,
            connection: { keepAlive: 10e9, lifetime: undefined, pool: 50 },
          },
        ],
      },
      { at: 0.75, when: 'failed', parallel: false, calls: [{ ...plain, name: 'again', target: target('b', 'b.shop.svc') }] },
      {
        at: 0.75,
        when: 'always',
        parallel: true,
        calls: [
          { ...plain, name: 'a -> b (2)', target: target('b', 'b.shop'), count: 2 },
          { ...plain, name: 'a -> c', target: target('c', 'c.shop'), timeout: 0.1e9 },
        ],
      },
    ])
  })

  test.each([
    ['{ probability: 60% }', 'A call needs an address [to: the address of a Service, or parallel: a list of calls]'],
    ['{ to: http://b.shop, timeout: 0s }', 'A timeout of 0 would fail every call [a length of time above 0]'],
    ['{ to: http://d.shop }', 'There is no Service "d" in the namespace "shop" [the manifests have a.shop, b.shop, c.shop]'],
    ['{ to: http://b.shop, when: failed }', 'There is no call before that could have failed [no "when", or a call before it]'],
    [
      '{ count: 2, parallel: [{ to: http://b.shop }] }',
      '"count" belongs to one call, and "parallel" is a group of them ["count" in the calls of the group]',
    ],
    [
      '{ to: http://a.shop }',
      'The calls go round in a circle without end: "app=a" calls "app=a" [no circle, or probabilities that make it end]',
    ],
  ])('%s is a mistake', async (call, message) => {
    const found = await mistakes(`    - { selector: app=a, calls: [${call}] }`)
    expect(found.map((line) => line.replace(/^\d+:\d+ /, ''))).toEqual([message])
  })

  test.each([
    [
      '{ to: http://b.shop }, { to: http://c.shop, when: failed }',
      'When the call before fails, so does the request, and this one is never made [optional: true in the call before]',
    ],
    [
      '{ to: http://b.shop, at: 0.5 }, { to: http://c.shop, at: 0.4 }',
      'The calls before are made at 0.5 of the service, and these would come earlier [0.5 or more]',
    ],
    ['{ to: http://b.shop, name: x }, { to: http://c.shop, name: x }', 'Two entries of traffic or calls are called "x"'],
  ])('%s is a mistake', async (calls, message) => {
    const found = await mistakes(`    - { selector: app=a, calls: [${calls}] }`)
    expect(found.map((line) => line.replace(/^\d+:\d+ /, ''))).toEqual([message])
  })

  const circle = (
    probability: string,
    count: number,
  ) => `    - { selector: app=a, calls: [{ to: http://b.shop, probability: ${probability}, count: ${count} }] }
    - { selector: app=b, calls: [{ to: http://c.shop }] }
    - { selector: app=c, calls: [{ to: http://a.shop }] }`

  test('that go round without end are named; those that end by their probabilities are allowed', async () => {
    const message = 'The calls go round in a circle without end: "app=a" calls "app=b" calls "app=c" calls "app=a"'
    expect((await mistakes(circle('1', 1)))[0]).toContain(message)
    expect((await mistakes(circle('60%', 2)))[0]).toContain(message)
    expect(await mistakes(circle('40%', 2))).toEqual([])
    expect(await mistakes(circle('90%', 1))).toEqual([])
  })

  test('that multiply without bounds are refused', async () => {
    const many = `    - { selector: app=a, calls: [{ to: http://b.shop, count: 1000 }] }
    - { selector: app=b, calls: [{ to: http://c.shop, count: 1000 }] }`
    expect(await mistakes(many)).toEqual([expect.stringContaining('A request to "app=a" makes more than 100000 others on average')])
  })
})

describe('CPU time of requests', () => {
  test('is all of the service, or a distribution', async () => {
    const [a, b, c] = await workloads(`    - { selector: app=a, cpuPerRequest: all }
    - { selector: app=b, cpuPerRequest: exp(3ms) }
    - { selector: app=c }`)
    expect([a!.cpuPerRequest, b!.cpuPerRequest]).toEqual(['all', { kind: 'exponential', mean: 3_000_000 }])
    expect('cpuPerRequest' in c!).toBe(false)
  })

  test('is said in one way', async () => {
    expect(await mistakes('    - { selector: app=a, cpu: 0.5, cpuPerRequest: all }')).toEqual([
      '7:31 There is "cpuPerRequest", too, and either says what CPU a request takes [one of the two]',
    ])
  })

  test('is told from other words', async () => {
    const [mistake] = await mistakes('    - { selector: app=a, cpuPerRequest: al }')
    expect(mistake).toContain('7:41 Cannot read "al" as a distribution of times [all, or ')
    expect(await mistakes('    - { selector: app=a, cpuPerRequest: exp(3m5) }')).toHaveLength(1)
  })
})

describe('warm-up', () => {
  test('has a duration and a factor', async () => {
    const [a, b] = await workloads(`    - { selector: app=a, warmUp: { duration: 30s, factor: 2.5 } }
    - { selector: app=b }`)
    expect(a!.warmUp).toEqual({ duration: 30_000_000_000, factor: 2.5 })
    expect('warmUp' in b!).toBe(false)
  })

  test('needs both, and a factor of 1 at least', async () => {
    expect(await mistakes('    - { selector: app=a, warmUp: { duration: 30s } }')).toHaveLength(1)
    expect(await mistakes('    - { selector: app=a, warmUp: { factor: 3 } }')).toHaveLength(1)
    expect(await mistakes('    - { selector: app=a, warmUp: { duration: 30, factor: 0.5 } }')).toHaveLength(2)
  })
})
