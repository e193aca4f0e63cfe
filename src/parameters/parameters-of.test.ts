import { describe, expect, test } from 'vitest'
import { memoryFiles } from '../scenario/load-files.ts'
import { loadScenario } from '../scenario/load-scenario.ts'
import type { Scenario } from '../scenario/scenario.ts'
import { FIELD_ORIGINS, SWITCHES } from './field-origins.ts'
import { parameterFields } from './field-parameters.ts'
import { PARAMETER_GROUPS } from './index.ts'
import { parametersOf } from './parameters-of.ts'
import { parametersTable } from './parameters-table.ts'

const MANIFEST = `apiVersion: v1
kind: Service
metadata: { name: web, namespace: default }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: default }
spec:
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: web, image: web:1 }] } }
`

/** The scenario with that spec, in YAML's flow style, and its variants by name. */
async function scenarios(spec: string): Promise<Readonly<Record<string, Scenario>>> {
  const text = `apiVersion: towtank/v1\nkind: Scenario\nmetadata: { name: s }\nspec: { manifests: [m.yaml], ${spec} }\n`
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': text, 'm.yaml': MANIFEST }))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return Object.fromEntries(loaded.variants.map(({ name, scenario }) => [name, scenario]))
}

const one = async (spec: string): Promise<Scenario> => Object.values(await scenarios(spec))[0]!

/** Value, unit and provenance of a parameter in force; undefined where it is not. */
function inForce(scenario: Scenario, name: string): string | undefined {
  const found = parametersOf(scenario).filter((parameter) => parameter.name === name)
  expect(found.length, name).toBeLessThanOrEqual(1)
  return found.map(({ value, unit, provenance }) => `${value}${unit === '' ? '' : ` ${unit}`}, ${provenance}`)[0]
}

const TRAFFIC = 'traffic: [{ name: users, to: "http://web.default.svc", arrivals: poisson(1/s)'

describe('the parameters in force', () => {
  test('are given where the file says so, also when it says what the default is', async () => {
    const silent = await one('seed: 1')
    const loud = await one('seed: 1, warmUp: 30s, cluster: { etcd: { members: 5 }, network: { sameZone: 1ms } }')
    expect(inForce(silent, 'warmUp')).toBe('30 s, assumed')
    expect(inForce(loud, 'warmUp')).toBe('30 s, given')
    expect(inForce(silent, 'cluster.etcd.members')).toBe('3, cited')
    expect(inForce(loud, 'cluster.etcd.members')).toBe('5, given')
    expect(inForce(silent, 'cluster.network.sameZone')).toBe('250 us, assumed')
    expect(inForce(loud, 'cluster.network.sameZone')).toBe('1 ms, given')
  })

  test('are those of the variant', async () => {
    const { a, b } = await scenarios('compare: { a: {}, b: { cluster.kubeProxy.mode: ipvs, cluster.etcd.members: 1 } }')
    expect(inForce(a!, 'cluster.kubeProxy.mode')).toBe('iptables, cited')
    expect(inForce(b!, 'cluster.kubeProxy.mode')).toBe('ipvs, given')
    expect(inForce(b!, 'cluster.etcd.members')).toBe('1, given')
    expect(inForce(a!, 'ipvs.timeout.established')).toBeUndefined()
    expect(inForce(b!, 'ipvs.timeout.established')).toBe('900 s, cited')
    expect(inForce(a!, 'kubeProxy.iptables.minSyncPeriod')).toBe('1 s, cited')
    expect(inForce(b!, 'kubeProxy.iptables.minSyncPeriod')).toBeUndefined()
    expect(inForce(a!, 'cluster.kubeProxy.scheduler')).toBeUndefined()
    expect(inForce(b!, 'cluster.kubeProxy.scheduler')).toBe('rr, cited')
    expect(inForce(a!, 'costProfile.iptables-legacy.establishedPacket')).toBe('5048 ns, measured')
    expect(inForce(b!, 'costProfile.iptables-legacy.establishedPacket')).toBeUndefined()
  })

  test('are those of the version', async () => {
    const old = await one('cluster: { version: "1.30" }')
    const today = await one('seed: 1')
    expect(inForce(old, 'controllers.nodeLifecycle.monitorGracePeriod')).toBe('40 s, cited')
    expect(inForce(today, 'controllers.nodeLifecycle.monitorGracePeriod')).toBe('50 s, cited')
    expect(inForce(old, 'kubelet.requeueMax')).toBeUndefined()
    expect(inForce(today, 'kubelet.requeueMax')).toBe('60 s, cited')
  })

  test('are one for each traffic, and none of what is not there', async () => {
    const scenario = await one(
      `${TRAFFIC} }, { name: kept, to: "http://web.default.svc", arrivals: constant(2/s), timeout: 3s, connection: { keepAlive: 60s } }]`,
    )
    expect(inForce(scenario, 'traffic.users.timeout')).toBe('2 s, assumed')
    expect(inForce(scenario, 'traffic.kept.timeout')).toBe('3 s, given')
    expect(inForce(scenario, 'traffic.users.arrivals')).toBe('poisson(1/s), given')
    expect(inForce(scenario, 'traffic.users.connection.pool')).toBeUndefined()
    expect(inForce(scenario, 'traffic.kept.connection.pool')).toBe('50, assumed')
    expect(inForce(scenario, 'traffic.kept.connection.http2.maxConcurrentStreams')).toBeUndefined()
    expect(inForce(scenario, 'traffic.users.from.clients')).toBe('1000, assumed')
    expect(inForce(scenario, 'traffic.users.retries.backOff.base')).toBeUndefined()
    const names = parametersOf(scenario).map(({ name }) => name)
    const first = names.findIndex((name) => name.startsWith('traffic.kept'))
    expect(names.findLastIndex((name) => name.startsWith('traffic.users'))).toBe(first - 1)
  })

  test('a map that is given turns the defaults of what is in it on, also an empty one', async () => {
    const connection = 'connection: { keepAlive: 1m, http2: {} }, retries: { max: 1, on: [reset], budget: {} }'
    const scenario = await one(`${TRAFFIC}, ${connection} }]`)
    expect(inForce(scenario, 'traffic.users.connection.http2.maxConcurrentStreams')).toBe('100, assumed')
    expect(inForce(scenario, 'traffic.users.connection.http2.ping.interval')).toBeUndefined()
    expect(inForce(scenario, 'traffic.users.retries.budget.ratio')).toBe('0.2, cited')
    expect(inForce(scenario, 'traffic.users.retries.backOff.base')).toBe('25 ms, cited')
    expect(inForce(scenario, 'cluster.dns.ndots')).toBeUndefined()
  })

  test('say what an install brings along', async () => {
    const scenario = await one('cluster: { install: kubeadm-ha }')
    expect(inForce(scenario, 'cluster.apiServer.count')).toBe('3, given')
    expect(inForce(scenario, 'cluster.etcd.members')).toBe('3, given')
    expect(inForce(scenario, 'cluster.controlPlane.cpu')).toBe('4, assumed')
    expect(inForce(scenario, 'apiServer.loadBalancer.fall')).toBe('3, cited')
    expect(inForce(await one('seed: 1'), 'cluster.controlPlane.cpu')).toBeUndefined()
  })

  test('of amounts are told as they are written: half a core is no length of time', async () => {
    const scenario = await one('workloads: [{ selector: app=web, cpu: 500m }, { selector: "app in (web)", cpuPerRequest: 3ms }]')
    expect(inForce(scenario, 'workloads.0.cpu')).toBe('500m, given')
    expect(inForce(scenario, 'workloads.0.queue')).toBe('128, assumed')
    expect(inForce(scenario, 'workloads.1.cpu')).toBeUndefined()
    expect(inForce(scenario, 'workloads.1.cpuPerRequest')).toBe('3 ms, given')
  })

  test('the seed may come from the command line', async () => {
    expect(inForce(await one('warmUp: 1s'), 'seed')).toBe('0, assumed')
    const seeded = { ...(await one('seed: 1')), seed: '7' }
    expect(inForce(seeded, 'seed')).toBe('7, given')
    expect(inForce({ ...(await one('warmUp: 1s')), seed: '7' }, 'seed')).toBe('7, given')
  })

  test('nothing is said of the fields of a scenario that no file stands behind', async () => {
    const { stated: _stated, ...made } = await one('seed: 1')
    const names = parametersOf(made).map(({ name }) => name)
    expect(names).not.toContain('seed')
    expect(names).toContain('etcd.electionTimeout')
  })

  test('are a table of text and finite numbers, each with a source', async () => {
    const { columns, rows } = parametersTable(await one(`${TRAFFIC} }]`))
    expect(columns).toEqual(['parameter', 'value', 'unit', 'provenance', 'source'])
    for (const row of rows) {
      expect(row).toHaveLength(5)
      expect(typeof row[1] === 'number' ? Number.isFinite(row[1]) : row[1], String(row[0])).toBeTruthy()
      expect(String(row[4]).length, String(row[0])).toBeGreaterThan(3)
    }
  })
})

describe('the defaults of fields', () => {
  const fields = parameterFields()
  const isPlain = (value: unknown) => ['string', 'number', 'boolean'].includes(typeof value)

  test('each has a source, and each source is of a field with a default', () => {
    expect(Object.keys(FIELD_ORIGINS).toSorted()).toEqual(
      fields
        .filter(({ fallback }) => isPlain(fallback))
        .map(({ path }) => path)
        .toSorted(),
    )
  })

  test('maps that turn something off by being absent are maps of the schema, and all whose description says so', () => {
    const maps = fields.filter(({ forms }) => forms.some(({ type }) => type === 'object'))
    const paths = maps.map(({ path }) => path)
    expect(SWITCHES.filter((path) => !paths.includes(path))).toEqual([])
    const offWithout = maps.filter(
      ({ path, description }) =>
        /when not given|without it/.test(description) &&
        fields.some((field) => field.path.startsWith(`${path}.`) && isPlain(field.fallback)),
    )
    expect(offWithout.length).toBeGreaterThan(8)
    expect(offWithout.map(({ path }) => path).filter((path) => !SWITCHES.includes(path))).toEqual([])
  })
})

describe('the registry', () => {
  const all = PARAMETER_GROUPS.flatMap(({ parameters }) => parameters)

  test('names every parameter once, but for those of different versions', () => {
    const seen = new Map<string, string[]>()
    for (const { name, when } of all) seen.set(name, [...(seen.get(name) ?? []), when?.text ?? 'always'])
    for (const [name, conditions] of seen)
      if (conditions.length > 1)
        expect(
          conditions.every((text) => text.includes('Kubernetes')),
          name,
        ).toBe(true)
  })

  test('no name of it is one of a field', () => {
    const fields = new Set(parameterFields().map(({ path }) => path))
    expect(all.filter(({ name }) => fields.has(name))).toEqual([])
  })
})
