import { describe, expect, test } from 'vitest'
import { MILLISECOND } from '../units.ts'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const SHOP = `apiVersion: v1
kind: Namespace
metadata: { name: shop }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: frontend, namespace: shop }
spec:
  replicas: 4
  selector: { matchLabels: { app: frontend } }
  template:
    metadata: { labels: { app: frontend } }
    spec:
      containers:
        - { name: server, image: 'shop/frontend:v1', ports: [{ containerPort: 8080 }] }
---
apiVersion: v1
kind: Service
metadata: { name: frontend, namespace: shop }
spec:
  type: LoadBalancer
  selector: { app: frontend }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: admin, port: 9000 }]
---
apiVersion: v1
kind: Service
metadata: { name: internal, namespace: shop }
spec:
  selector: { app: frontend }
  ports: [{ name: a, port: 8080 }, { name: b, port: 8081 }]
`

const SCENARIO = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: rollout-under-load }
spec:
  seed: 42
  duration: 5m
  cluster:
    nodes:
      - { count: 2, cpu: 8, memory: 32Gi, zone: [a, b] }
      - { count: 1, cpu: 500m, memory: 1Gi }
    kubeProxy: { mode: ipvs, scheduler: wlc }
    network: { crossZone: 2ms }
  manifests: [shop.yaml]
  workloads:
    - selector: app=frontend
      serviceTime: lognormal(p50=8ms, p99=60ms)
      concurrency: 32
      startUp: normal(4s, 1s)
  traffic:
    - name: shoppers
      to: http://frontend.shop.svc/cart
      from: { external: true }
      arrivals: poisson(800/s)
  timeline:
    - { at: 150s, fault: { kind: node-crash, node: worker-3, for: 1m } }
    - { at: 60s, kubectl: "set image deployment/frontend server=shop/frontend:v2 -n shop" }
  thresholds:
    - requests.error_rate{traffic=shoppers} < 0.1%
    - requests.latency.p99 < 250ms
    - endpoints.propagation.p99 < 5s
    - deployments.available >= 4
`

const files = (scenario: string, more: Record<string, string> = {}) =>
  memoryFiles({ 'dir/run.yaml': scenario, 'dir/shop.yaml': SHOP, ...more })

async function load(scenario: string, more: Record<string, string> = {}) {
  const result = await loadScenario('dir/run.yaml', files(scenario, more))
  if (!result.ok) throw new Error(JSON.stringify(result.problems, null, 1))
  return result
}

async function problemsOf(scenario: string, more: Record<string, string> = {}) {
  const result = await loadScenario('dir/run.yaml', files(scenario, more))
  if (result.ok) throw new Error('no problem was found')
  return result.problems
}

/** The scenario with one piece of its text replaced. */
function changed(from: string, to: string): string {
  if (!SCENARIO.includes(from)) throw new Error(`the scenario has no "${from}"`)
  return SCENARIO.replace(from, to)
}

describe('a valid scenario', () => {
  test('has tries with what is given and the defaults of the rest', async () => {
    const keys = (text: string) => load(changed('arrivals: poisson(800/s)', `${text}\n      arrivals: poisson(800/s)`))
    const tries = async (text: string) => {
      const { connectTimeout, retries, hedge } = (await keys(text)).variants[0]!.scenario.traffic[0]!
      return { connectTimeout, retries, hedge }
    }
    expect(await tries('connectTimeout: 1s')).toEqual({ connectTimeout: 1000 * MILLISECOND })
    expect(await tries('retries: { max: 2, on: [reset, 5xx] }')).toEqual({
      retries: { max: 2, on: ['reset', '5xx'], backOff: { base: 25 * MILLISECOND, max: 250 * MILLISECOND } },
    })
    expect(
      await tries('retries: { max: 1, on: [timeout], perTryTimeout: 40ms, backOff: { base: 1s }, budget: { minPerSecond: 3 } }'),
    ).toEqual({
      retries: {
        max: 1,
        on: ['timeout'],
        backOff: { base: 1000 * MILLISECOND, max: 1000 * MILLISECOND },
        perTryTimeout: 40 * MILLISECOND,
        budget: { ratio: 0.2, minPerSecond: 3 },
      },
    })
    expect(await tries('hedge: { after: 50ms, max: 2, budget: {} }')).toEqual({
      hedge: { after: 50 * MILLISECOND, max: 2, budget: { ratio: 0.2, minPerSecond: 10 } },
    })
    const { warnings } = await keys('retries: { max: 2, on: [timeout] }')
    expect(warnings.map(({ kind, message }) => `${kind}: ${message}`)).toContainEqual(
      expect.stringContaining('no-effect: No try times out'),
    )
  })

  test('becomes one variant, named after the proxy mode, with everything resolved', async () => {
    const { variants } = await load(SCENARIO)
    expect(variants.map((variant) => variant.name)).toEqual(['ipvs'])
    const { manifests, ...rest } = variants[0]!.scenario
    expect(manifests.map((object) => `${object.kind} ${object.metadata.name}`)).toEqual([
      'Namespace shop',
      'Deployment frontend',
      'Service frontend',
      'Service internal',
    ])
    expect(rest).toMatchSnapshot()
  })
})

/** Every problem as `line:underlined: message`, in order. */
async function mistakes(scenario: string, more: Record<string, string> = {}): Promise<string[]> {
  const texts: Record<string, string> = { 'dir/run.yaml': scenario, 'dir/shop.yaml': SHOP, ...more }
  return (await problemsOf(scenario, more)).map(({ file, line, column, length, message }) => {
    const underlined = texts[file]?.split('\n')[line - 1]?.slice(column - 1, column - 1 + length)
    return `${underlined}: ${message}`
  })
}

describe('defaults', () => {
  const SMALL = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small }
spec: {}
`

  test('stand in for everything that a scenario leaves out', async () => {
    const { variants, warnings } = await load(SMALL)
    expect(variants).toHaveLength(1)
    expect(variants[0]!.name).toBe('iptables')
    expect(variants[0]!.scenario).toMatchObject({
      seed: '0',
      duration: 300e9,
      warmUp: 30e9,
      cluster: {
        nodes: [{ count: 3, cpuMilli: 4000, memoryBytes: 16 * 1024 * 1024 * 1024, maxPods: 110, zones: ['a'] }],
        etcdMembers: 3,
        apiServers: 1,
        install: null,
        bootstrap: false,
        controlPlane: { cpuMilli: 4000, memoryBytes: 8 * 1024 * 1024 * 1024 },
        kubeProxy: { mode: 'iptables', scheduler: 'rr' },
        otherServices: { count: 0, endpoints: 1 },
        conntrack: { maxPerCore: 32_768, min: 131_072 },
        network: { sameNode: 30_000, sameZone: 250_000, crossZone: 1_000_000, external: 5_000_000 },
        images: { sizeBytes: 200_000_000, bandwidthBytesPerSecond: 125_000_000, preloaded: false },
      },
      manifests: [],
      traffic: [],
      timeline: [],
      thresholds: [],
    })
    expect(warnings).toEqual([])
  })

  test('of behaviour are announced with the pods that they are for', async () => {
    const { variants, warnings } = await load(SCENARIO.replace(/ {2}workloads:[\s\S]*? {2}traffic:/, '  traffic:'))
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({
      kind: 'assumed',
      file: 'dir/run.yaml',
      message: expect.stringContaining('Deployment frontend in shop'),
    })
    expect(variants[0]!.scenario.workloads).toHaveLength(1)
    expect(variants[0]!.scenario.workloads[0]).toMatchObject({ concurrency: 16, queue: 128, onTerminate: 'drain' })
  })

  test('are not announced when every pod is described', async () => {
    expect((await load(SCENARIO)).warnings).toEqual([])
  })
})

describe('a mistake in the form', () => {
  test.each([
    ['duration: 5m', 'duration: 300', '300: Cannot use "300" here'],
    ['duration: 5m', 'duration: 5 minutes', '5 minutes: Cannot read "5 minutes" as a length of time'],
    ['duration: 5m', 'durtion: 5m', 'durtion: Unknown key "durtion"'],
    ['duration: 5m', 'duration: 0s', '0s: A run of no length has nothing to show'],
    ['duration: 5m', 'duration: 5m\n  warmUp: 5m', '5m: The warm-up of 5m leaves nothing of a run of 5m'],
    ['seed: 42', 'seed: [1]', '[1]: Cannot use a list here'],
    ['apiVersion: towtank/v1', 'apiVersion: towtank/v2', 'towtank/v2: Cannot use "towtank/v2" here'],
    ['kind: Scenario', 'kind: Deployment', 'Deployment: Cannot use "Deployment" here'],
    ['name: rollout-under-load', 'name: ../x', '../x: Cannot use "../x" here'],
    ['name: rollout-under-load', 'name: rollout-under-load, labels: {}', 'labels: Unknown key "labels"'],
    ['mode: ipvs', 'mode: ivps', 'ivps: Cannot use "ivps" here'],
    ['mode: ipvs', 'mode: userspace', 'userspace: Cannot use "userspace" here'],
    ['count: 2', 'count: 0', '0: Cannot use "0" here'],
    ['count: 2', 'count: 1.5', '1.5: Cannot use "1.5" here'],
    ['count: 2', 'count: 100001', '100001: Cannot use "100001" here'],
    ['memory: 32Gi', 'memory: 32GB', '32GB: Cannot read "32GB" as a quantity'],
    ['cpu: 500m', 'cpu: -1', '-1: Cannot use "-1" here'],
    ['zone: [a, b]', 'zone: [a, a]', 'a: The zone "a" is given twice'],
    ['zone: [a, b]', 'zone: []', '[]: The list is empty'],
    ['zone: [a, b]', 'zone: "a b"', '"a b": Cannot use "a b" as the name of a zone'],
    ['crossZone: 2ms', 'crossZone: 2', '2: Cannot use "2" here'],
    ['concurrency: 32', 'concurrency: many', 'many: Cannot use "many" here'],
    ['concurrency: 32', 'concurrency: 32\n      onTerminate: stop', 'stop: Cannot use "stop" here'],
    ['concurrency: 32', 'concurrency: 32\n      mirrors: []', 'mirrors: Unknown key "mirrors"'],
    ['selector: app=frontend', 'selector: app in frontend', 'app in frontend: Cannot read "app in frontend" as a label selector'],
    ['p99=60ms', 'p99=6ms', 'lognormal(p50=8ms, p99=6ms): Cannot use'],
    ['{ external: true }', '{ external: false }', 'false: Cannot use "false" here'],
    ['{ external: true }', '{ pods: app=frontend, namespace: shop, external: true }', 'external: Unknown key "external"'],
    ['{ external: true }', 'outside', 'outside: Cannot use "outside" here'],
    ['poisson(800/s)', 'poisson(800)', '800: Cannot read "800" as a rate'],
    ['arrivals: poisson(800/s)', 'timeout: 0s\n      arrivals: poisson(800/s)', '0s: A timeout of 0 would fail every request'],
    [
      'arrivals: poisson(800/s)',
      'connection: { keepAlive: 0s }\n      arrivals: poisson(800/s)',
      '0s: A keepAlive of 0 would keep no connection',
    ],
    [
      'arrivals: poisson(800/s)',
      'connection: { keepAlive: 60s, lifetime: 0s }\n      arrivals: poisson(800/s)',
      '0s: A lifetime of 0 would keep no connection',
    ],
    ...(
      [
        ['connectTimeout: 2s', '2s: A connectTimeout of 2s never comes: the request ends at its timeout of 2s'],
        ['connectTimeout: 0s', '0s: A connectTimeout of 0 leaves no try any time'],
        ['retries: { on: [reset] }', 'retries: "max" is missing'],
        ['retries: { max: 0, on: [reset] }', '0: Cannot use "0" here'],
        ['retries: { max: 2, on: [rest] }', 'rest: Cannot use "rest" here'],
        ['retries: { max: 2, on: [reset], perTryTimeout: 3s }', '3s: A perTryTimeout of 3s never comes'],
        ['retries: { max: 2, on: [reset], backOff: { base: 2s, max: 1s } }', '1s: A back-off of at most 1s cannot begin with 2s'],
        ['retries: { max: 2, on: [reset], budget: { ratio: -1 } }', '-1: Cannot use "-1" here'],
        ['hedge: { max: 2 }', 'hedge: "after" is missing'],
        ['hedge: { after: 2s }', '2s: A after of 2s never comes'],
      ] as const
    ).map(([key, expected]): [string, string, string] => ['arrivals: poisson(800/s)', `${key}\n      arrivals: poisson(800/s)`, expected]),
    ['kind: node-crash', 'kind: node-crsh', 'node-crsh: Cannot use "node-crsh" here'],
    ['node: worker-3, for: 1m', 'for: 1m', 'fault: "node" is missing'],
    ['kind: node-crash, node: worker-3', 'kind: api-server-crash, server: 2', '2: There is no API server 2'],
    ['kind: node-crash, node: worker-3', 'kind: api-server-crash, server: 0', '0: Cannot use "0" here'],
    ['kind: node-crash, node: worker-3, for: 1m', 'kind: api-server-crash, for: 0s', '0s: A crash of no length is none'],
    ['kind: node-crash, node: worker-3', 'kind: api-server-crash, node: worker-3', 'node: Unknown key "node"'],
    ['{ at: 60s, kubectl', '{ kubectl', 'kubectl: "at" is missing'],
    ['{ at: 60s, kubectl', '{ at: 60s, kubctl', 'kubctl: Unknown key "kubctl"'],
  ])('%s → %s', async (from, to, expected) => {
    const found = await mistakes(changed(from, to))
    expect(found[0]).toEqual(expect.stringContaining(expected))
  })

  test('that is a misspelt key suggests the right one', async () => {
    const [problem] = await problemsOf(changed('duration: 5m', 'durtion: 5m'))
    expect(problem).toMatchObject({ path: 'spec.durtion', line: 6, column: 3, length: 7, didYouMean: 'duration' })
    expect((await problemsOf(changed('mode: ipvs', 'mode: ivps')))[0]).toMatchObject({
      didYouMean: 'ipvs',
      accepted: 'one of iptables, ipvs, nftables',
    })
  })

  test.each([
    ['', 'The file is empty'],
    ['- a', 'Cannot use a list here'],
    ['apiVersion: towtank/v1\nkind: Scenario\nmetadata: { name: a }', '"spec" is missing'],
    ['apiVersion: towtank/v1\nkind: Scenario\nmetadata: { name: a }\nspec: 3', 'Cannot use "3" here'],
  ])('that is as coarse as "%s" is told in one sentence', async (text, expected) => {
    expect((await problemsOf(text)).map((problem) => problem.message)).toEqual([expected])
  })
})

describe('a mistake in a reference', () => {
  test.each([
    ['http://frontend.shop', 'http://fronted.shop', 'http://fronted.shop.svc/cart: There is no Service "fronted" in the namespace "shop"'],
    [
      'http://frontend.shop',
      'http://frontend.default',
      'http://frontend.default.svc/cart: There is no Service "frontend" in the namespace "default"',
    ],
    ['frontend.shop.svc/cart', 'frontend.shop.svc:81/cart', 'http://frontend.shop.svc:81/cart: Service "frontend" has no TCP port 81'],
    [
      'frontend.shop.svc/cart',
      'internal.shop.svc:8080',
      'http://internal.shop.svc:8080: Service "internal" is of type ClusterIP: clients outside the cluster cannot reach it',
    ],
    [
      '{ external: true }',
      '{ pods: app=cart, namespace: shop }',
      'app=cart: The selector "app=cart" matches no pod in the namespace "shop"',
    ],
    ['{ external: true }', '{ pods: app=frontend }', 'app=frontend: The selector "app=frontend" matches no pod in the namespace "default"'],
    ['selector: app=frontend', 'selector: app=backend', 'app=backend: The selector "app=backend" matches no pod of the manifests'],
    [
      'kubeProxy: { mode: ipvs, scheduler: wlc }',
      'version: "1.30"\n    kubeProxy: { mode: nftables }',
      'nftables: Mode nftables is off by default in Kubernetes 1.30',
    ],
    [
      'kubeProxy: { mode: ipvs, scheduler: wlc }',
      'kernel: "5.4"\n    kubeProxy: { mode: nftables }',
      'nftables: Mode nftables does not start on Linux 5.4',
    ],
    ['kubeProxy: { mode: ipvs', 'kernel: "4.14"\n    kubeProxy: { mode: ipvs', '"4.14": Linux 4.14 is too old'],
    ['kubeProxy: { mode: ipvs', 'kernel: "5.x"\n    kubeProxy: { mode: ipvs', '"5.x": Cannot read "5.x" as a version of Linux'],
    ['kubeProxy: { mode: ipvs', 'kernel: 5.10\n    kubeProxy: { mode: ipvs', '5.10: '],
    ['scheduler: wlc }', 'connReuseMode: 2 }', '2: '],
    ['worker-3', 'worker-4', 'worker-4: There is no node "worker-4"'],
    ['worker-3', 'worker-0', 'worker-0: There is no node "worker-0"'],
    ['deployment/frontend', 'deployment/fronted', 'fronted: There is no Deployment "fronted" in the namespace "shop"'],
    ['v2 -n shop', 'v2', 'frontend: There is no Deployment "frontend" in the namespace "default"'],
    [' server=', ' servr=', 'servr: Deployment "frontend" has no container "servr"'],
    ['set image deployment/frontend server=shop/frontend:v2', 'delete svc/frontnd', 'frontnd: There is no Service "frontnd"'],
    ['set image deployment/frontend server=shop/frontend:v2', 'delete pod/backend-1', 'backend-1: There is no Pod "backend-1"'],
    ['set image deployment/frontend server=shop/frontend:v2 -n shop', 'delete ns/shp', 'shp: There is no Namespace "shp"'],
    ['set image deployment/frontend server=shop/frontend:v2 -n shop', 'apply -f mre.yaml', 'mre.yaml: There is no file "mre.yaml"'],
    ['at: 60s', 'at: 5m', '5m: Nothing can happen at 5m: the run ends at 5m'],
    ['arrivals:', 'start: 2m\n      stop: 1m\n      arrivals:', '1m: Traffic stops at 1m, which is not after its start at 2m'],
    ['arrivals:', 'stop: 10s\n      arrivals:', '10s: Traffic stops at 10s, which is not after its start at 30s'],
    ['arrivals:', 'stop: 6m\n      arrivals:', '6m: Traffic cannot stop at 6m: the run ends at 5m'],
    ['arrivals:', 'start: 5m\n      arrivals:', '5m: Traffic cannot start at 5m: the run ends at 5m'],
    ['traffic=shoppers', 'traffic=shopers', 'requests.error_rate{traffic=shopers} < 0.1%: There is no traffic called "shopers"'],
    ['latency.p99 ', 'latency.p98 ', 'requests.latency.p98: Unknown metric "requests.latency.p98"'],
    [
      'deployments.available ',
      'deployments.available{deployment=x} ',
      'deployments.available{deployment=x} >= 4: There is no Deployment called "x"',
    ],
    [
      'deployments.available ',
      'deployments.available{deployment=frontend,namespace=x} ',
      'There is no Deployment "frontend" in the namespace "x"',
    ],
    ['[shop.yaml]', '[shop.yaml, shp.yaml]', 'shp.yaml: There is no file "shp.yaml"'],
  ])('%s → %s', async (from, to, expected) => {
    const found = await mistakes(changed(from, to))
    expect(found).toHaveLength(1)
    expect(found[0]).toEqual(expect.stringContaining(expected))
  })

  test('suggests what was most likely meant', async () => {
    const of = async (from: string, to: string) => (await problemsOf(changed(from, to)))[0]!.didYouMean
    expect(await of('http://frontend.shop', 'http://fronted.shop')).toBe('http://frontend.shop.svc')
    expect(await of('http://frontend.shop', 'http://frontend.default')).toBe('http://frontend.shop.svc')
    expect(await of('v2 -n shop', 'v2')).toBe('-n shop')
    expect(await of('[shop.yaml]', '[shp.yaml]')).toBe('shop.yaml')
    expect(await of('worker-3', 'workr-3')).toBe('worker-3')
  })

  test('does not follow from a file that is missing: what it would have brought is not reported as well', async () => {
    expect(await mistakes(changed('[shop.yaml]', '[nowhere.yaml]'))).toEqual(['nowhere.yaml: There is no file "nowhere.yaml"'])
  })

  test('does not follow from an object that has mistakes of its own, but what nobody mentions is still missing', async () => {
    const shop = SHOP.replace('replicas: 4', 'replicas: four')
    const found = await mistakes(changed('http://frontend.shop', 'http://nowhere.shop'), { 'dir/shop.yaml': shop })
    expect(found).toHaveLength(2)
    expect(found[0]).toContain('There is no Service "nowhere"')
    expect(found[1]).toContain('four')
  })

  test('sees two flows of one name', async () => {
    const twice = changed('  timeline:', '    - { name: shoppers, to: "http://frontend.shop.svc", arrivals: constant(1/s) }\n  timeline:')
    expect(await mistakes(twice)).toEqual(['shoppers: Two entries of traffic are called "shoppers"'])
  })
})

describe('arrivals', () => {
  const replaying = changed('poisson(800/s)', 'replay(night.csv)')

  test('a replay takes its times from a file beside the scenario, and the file counts in the hash of the input', async () => {
    const one = await load(replaying, { 'dir/night.csv': 'time_s\n0.5\n2\n' })
    expect(one.variants[0]!.scenario.traffic[0]!.arrivals).toEqual({ kind: 'replay', times: [500_000_000, 2_000_000_000] })
    const other = await load(replaying, { 'dir/night.csv': 'time_s\n0.5\n3\n' })
    expect(other.inputHash).not.toBe(one.inputHash)
  })

  test.each([
    [{}, 'replay(night.csv): There is no file "night.csv"'],
    [{ 'dir/night.csv': '2\n1\n' }, 'The time 1 in "night.csv" line 2 is before the one above it'],
  ])('a replay whose file is no use: %j', async (files, message) => {
    const found = await mistakes(replaying, files as Record<string, string>)
    expect(found.join('\n')).toContain(message)
  })

  test('the name of a replay that is nearly that of a file', async () => {
    const result = await loadScenario('dir/run.yaml', files(replaying, { 'dir/nihgt.csv': '1' }))
    expect(result).toMatchObject({ ok: false, problems: [{ didYouMean: 'nihgt.csv' }] })
  })

  test('a closed loop has users and think time', async () => {
    const { variants } = await load(changed('poisson(800/s)', '"closed(users=50, think=exp(2s))"'))
    expect(variants[0]!.scenario.traffic[0]!.arrivals).toMatchObject({ kind: 'closed', users: 50 })
  })
})

describe('ports', () => {
  const portOf = async (to: string, more: Record<string, string> = {}) =>
    (await load(changed('http://frontend.shop.svc/cart', to), more)).variants[0]!.scenario.traffic[0]!.target.port

  test('are the one given, or 80, or the only one', async () => {
    expect(await portOf('http://frontend.shop.svc:9000')).toBe(9000)
    expect(await portOf('http://frontend.shop.svc')).toBe(80)
    const single = { 'dir/shop.yaml': SHOP.replace('{ name: http, port: 80, targetPort: 8080 }, ', '') }
    expect(await portOf('http://frontend.shop.svc', single)).toBe(9000)
  })

  test('must be given when there are several', async () => {
    const inside = changed('http://frontend.shop.svc/cart', 'http://internal.shop.svc').replace(
      '{ external: true }',
      '{ pods: app=frontend, namespace: shop }',
    )
    expect((await problemsOf(inside)).map(({ message, accepted }) => [message, accepted])).toEqual([
      ['Service "internal" has several ports, and the address does not say which', ':8080, :8081'],
    ])
  })
})

describe('Services that nothing can be sent to', () => {
  test.each([
    ['type: LoadBalancer', 'type: ExternalName\n  externalName: example.org', 'stands for "example.org"'],
    ['type: LoadBalancer', 'clusterIP: None', 'is headless'],
  ])('%s → %s', async (from, to, expected) => {
    expect((await problemsOf(SCENARIO, { 'dir/shop.yaml': SHOP.replace(from, to) }))[0]!.message).toContain(expected)
  })

  test('are only warned of when pods may still come', async () => {
    const { warnings } = await load(SCENARIO, {
      'dir/shop.yaml': SHOP.replace(
        'selector: { app: frontend }\n  ports: [{ name: http',
        'selector: { app: other }\n  ports: [{ name: http',
      ),
    })
    expect(warnings).toEqual([
      expect.objectContaining({ kind: 'unreachable', message: expect.stringContaining('matches no pod of the manifests') }),
    ])
  })
})

describe('the timeline', () => {
  test('may name what an apply brings, and what controllers will make', async () => {
    const more = { 'dir/more.yaml': SHOP.split('---')[1]!.replaceAll('frontend', 'backend') }
    const timeline = `  timeline:
    - { at: 70s, kubectl: "scale deployment/backend --replicas=2 -n shop" }
    - { at: 40s, kubectl: "apply -f more.yaml" }
    - { at: 80s, kubectl: "delete pod/frontend-abc-def -n shop --grace-period=0" }
`
    const { variants } = await load(
      changed('  timeline:\n', timeline)
        .replace('selector: app=frontend', 'selector: app in (frontend, backend)')
        .replace('deployments.available >', 'deployments.available{deployment=backend} >'),
      more,
    )
    const entries = variants[0]!.scenario.timeline
    expect(entries.map((entry) => [entry.at / 1e9, entry.text])).toEqual([
      [40, 'kubectl apply -f more.yaml'],
      [60, 'kubectl set image deployment/frontend server=shop/frontend:v2 -n shop'],
      [70, 'kubectl scale deployment/backend --replicas=2 -n shop'],
      [80, 'kubectl delete pod/frontend-abc-def -n shop --grace-period=0'],
      [150, 'node-crash worker-3 for 1m'],
    ])
    expect(entries[0]).toMatchObject({
      command: { verb: 'apply', objects: [{ kind: 'Deployment', metadata: { name: 'backend', namespace: 'shop' } }] },
    })
  })
})

describe('manifests', () => {
  test('of a folder are read in the order of their names', async () => {
    const [first, ...rest] = SHOP.split('---\n')
    const scenario = SCENARIO.replace('[shop.yaml]', '[parts]')
    const { variants } = await load(scenario, {
      'dir/parts/b.yml': rest.join('---\n'),
      'dir/parts/a.yaml': first!,
      'dir/parts/README.md': 'no YAML: [',
    })
    expect(variants[0]!.scenario.manifests.map((object) => object.kind)).toEqual(['Namespace', 'Deployment', 'Service', 'Service'])
  })

  test('are reported with their own mistakes, beside those of the scenario and of the YAML', async () => {
    const files = { 'dir/shop.yaml': SHOP.replace('replicas: 4', 'replicas: four'), 'dir/broken.yaml': 'a: [1' }
    const scenario = changed('[shop.yaml]', '[shop.yaml, broken.yaml, missing.yaml]')
      .replace('seed: 42', 'sed: 42')
      .replace('worker-3', 'worker-9')
    const found = (await problemsOf(scenario, files)).map((problem) => `${problem.file}:${problem.line}`)
    expect(found.slice(0, 3)).toEqual(['dir/run.yaml:5', 'dir/run.yaml:13', 'dir/run.yaml:25'])
    expect(found.slice(3).toSorted()).toEqual(expect.arrayContaining(['dir/broken.yaml:1', 'dir/shop.yaml:9']))
  })
})

describe('broken YAML', () => {
  test('is reported with what stands before it, and not with what it makes of the rest', async () => {
    const broken = changed('seed: 42', 'sed: 42').replace('thresholds:\n', 'thresholds: [\n')
    const found = await problemsOf(broken)
    expect(found[0]).toMatchObject({ line: 5, message: 'Unknown key "sed"' })
    expect(found.slice(1).length).toBeGreaterThan(0)
    for (const problem of found.slice(1)) expect(problem.message).toMatch(/^Not valid YAML/)
  })

  test('such as a key given twice hides nothing', async () => {
    expect(await mistakes(changed('seed: 42', 'seed: 42\n  seed: 43').replace('worker-3', 'worker-9'))).toEqual([
      'seed: The same key is given twice in one map',
      'worker-9: There is no node "worker-9"',
    ])
  })

  test('such as a second document is refused', async () => {
    expect(await mistakes(`${SCENARIO}---\na: 1\n`)).toEqual([expect.stringContaining('A scenario file holds one document')])
  })

  test('such as aliases that multiply is refused rather than expanded', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `x${i + 1}: &x${i + 1} [${Array.from({ length: 10 }, () => `*x${i}`).join(', ')}]`)
    const found = await problemsOf(`x0: &x0 [1]\n${levels.join('\n')}\n`)
    expect(found.map((problem) => problem.message)).toContainEqual(expect.stringContaining('The aliases stand for too much'))
  })
})

describe('variants', () => {
  const COMPARE = `${SCENARIO}  compare:
    ipvs: { cluster.kubeProxy.mode: ipvs }
    slow-start: { workloads.0.startUp: 20s, traffic.shoppers.arrivals: constant(10/s) }
    bigger:
      cluster.nodes: [{ count: 9 }]
      cluster.etcd.members: 5
`

  test('are the whole scenario with their fields changed, in the order of the file', async () => {
    const { variants } = await load(COMPARE)
    expect(variants.map((variant) => variant.name)).toEqual(['ipvs', 'slow-start', 'bigger'])
    const [plain, slow, bigger] = variants.map((variant) => variant.scenario)
    expect(plain).toEqual((await load(SCENARIO)).variants[0]!.scenario)
    expect(slow).toMatchObject({ workloads: [{ startUp: { kind: 'constant', value: 20e9 }, concurrency: 32 }, {}] })
    expect(slow).toMatchObject({ traffic: [{ arrivals: { kind: 'constant', ratePerSecond: 10 } }] })
    expect(slow!.cluster).toEqual(plain!.cluster)
    expect(bigger!.cluster).toMatchObject({ nodes: [{ count: 9, cpuMilli: 4000 }], etcdMembers: 5, kubeProxy: plain!.cluster.kubeProxy })
  })

  test.each([
    [
      'cluster.kubeProxy.mode: ipvs',
      'cluster.kubeProxi.mode: ipvs',
      'kubeProxi: "cluster.kubeProxi.mode" is not a field of a scenario\'s spec',
    ],
    ['cluster.kubeProxy.mode: ipvs', 'cluster.kubeProxy.mode: ivps', 'ivps: Cannot use "ivps" here'],
    ['workloads.0.startUp', 'workloads.3.startUp', '3: "workloads.3.startUp" names an entry "3" that the list does not have'],
    ['traffic.shoppers.', 'traffic.shopers.', 'shopers: "traffic.shopers.arrivals" names an entry "shopers" that the list does not have'],
    ['constant(10/s)', 'constant(0/s)', '0/s: Cannot use the rate "0/s": it must be above 0'],
    ['cluster.etcd.members: 5', 'cluster.etcd.members: 4', '4: Cannot use "4" here'],
    ['cluster.etcd.members: 5', 'seed: 5', 'seed: Variants are compared on the same random numbers'],
    ['cluster.etcd.members: 5', 'compare: {}', 'compare: A variant cannot change the block'],
    ['slow-start:', 'slow start:', 'slow start: Cannot use "slow start" as a name'],
    ['[{ count: 9 }]', '[{ count: 2 }]', 'worker-3: There is no node "worker-3" (in the variant "bigger")'],
    ['[{ count: 9 }]', '[{ cout: 9 }]', 'cout: Unknown key "cout"'],
  ])('%s → %s is shown where it is written', async (from, to, expected) => {
    if (!COMPARE.includes(from)) throw new Error(from)
    const found = await mistakes(
      COMPARE.replace(new RegExp(`(compare:[\\s\\S]*)${from.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`), `$1${to}`),
    )
    expect(found).toHaveLength(1)
    expect(found[0]).toEqual(expect.stringContaining(expected))
  })

  test('do not repeat a mistake of the scenario itself', async () => {
    expect(await mistakes(COMPARE.replace('worker-3', 'worker-99'))).toEqual(['worker-99: There is no node "worker-99"'])
  })

  test('make a scheduler worth naming when one of them uses IPVS', async () => {
    const idle = changed('mode: ipvs, scheduler: wlc', 'mode: iptables, scheduler: wlc')
    expect((await load(idle)).warnings).toMatchObject([{ kind: 'no-effect', line: 11 }])
    expect((await load(`${idle}  compare: { a: { cluster.kubeProxy.mode: ipvs } }\n`)).warnings).toEqual([])
  })
})

describe('the kernel', () => {
  test('is that of every node, and its third number is not looked at', async () => {
    const { variants } = await load(changed('kubeProxy: { mode: ipvs', 'kernel: "5.4.17"\n    kubeProxy: { connReuseMode: 1, mode: ipvs'))
    expect(variants.map(({ scenario }) => [scenario.cluster.kernel, scenario.cluster.kubeProxy.connReuseMode])).toEqual([[5004, 1]])
  })

  test('connReuseMode without mode ipvs is idle', async () => {
    const idle = changed('mode: ipvs, scheduler: wlc', 'mode: iptables, connReuseMode: 0')
    const message = 'The connReuseMode has no effect: only the mode ipvs has one'
    expect((await load(idle)).warnings).toMatchObject([{ kind: 'no-effect', line: 11, message }])
  })
})

describe('the input hash', () => {
  const hashOf = async (scenario: string, shop: string) => (await load(scenario, { 'dir/shop.yaml': shop })).inputHash

  test('is over the texts, and nothing else', async () => {
    const hash = await hashOf(SCENARIO, SHOP)
    expect(hash).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(await hashOf(`\uFEFF${SCENARIO.replaceAll('\n', '\r\n')}`, SHOP.replaceAll('\n', '\r\n'))).toBe(hash)
    const elsewhere = await loadScenario('/other/name.yaml', memoryFiles({ '/other/name.yaml': SCENARIO, '/other/shop.yaml': SHOP }))
    expect(elsewhere.ok && elsewhere.inputHash).toBe(hash)
    expect(await hashOf(`${SCENARIO}# a remark\n`, SHOP)).not.toBe(hash)
    expect(await hashOf(SCENARIO, SHOP.replace('replicas: 4', 'replicas: 5'))).not.toBe(hash)
  })
})

test('a scenario that cannot be read is one problem', async () => {
  const result = await loadScenario('nowhere.yaml', memoryFiles({}))
  expect(result).toMatchObject({
    ok: false,
    problems: [{ file: 'nowhere.yaml', message: 'Cannot read the scenario "nowhere.yaml": there is no such file' }],
  })
})
