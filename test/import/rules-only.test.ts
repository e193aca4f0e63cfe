import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importCluster } from '../../src/import/import-cluster.ts'
import { SERVICES_MAX } from '../../src/import/synthesize.ts'
import { readProxyState } from '../../src/kube-proxy/model/proxy-state.ts'
import { countRules } from '../../src/kube-proxy/rules/iptables/count.ts'
import * as iptables from '../../src/kube-proxy/rules/iptables/index.ts'
import * as ipvs from '../../src/kube-proxy/rules/ipvs/index.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'

/**
 * The rules of a node alone: the scenario's cluster must have as many of them, counted by the model's own kube-proxy when the scenario has run for
 * a while. Policies are Cluster, so that it makes no difference on which node the pods are.
 */
function stateOf(services: number) {
  const indexes = Array.from({ length: services }, (_, index) => index)
  const endpointsOf = (index: number) => (index % 7 === 3 ? 0 : 1 + (index % 4))
  const typeOf = (index: number) => (index % 5 === 1 ? 'NodePort' : index % 5 === 2 ? 'LoadBalancer' : 'ClusterIP')
  return readProxyState({
    config: { localDetectorCIDR: '10.0.0.0/8', nodeIP: '192.168.0.2', nodePortAddresses: ['192.168.0.2/32'] },
    nodeName: 'node',
    nodeIPs: ['192.168.0.2'],
    services: indexes.map((index) => ({
      metadata: { namespace: index % 2 === 0 ? 'shop' : 'ops', name: `svc-${index}` },
      spec: {
        type: typeOf(index),
        clusterIP: `10.96.${Math.floor(index / 250)}.${1 + (index % 250)}`,
        ports: [{ name: 'http', protocol: 'TCP', port: 80, ...(typeOf(index) === 'ClusterIP' ? {} : { nodePort: 30_000 + index }) }],
        ...(index % 6 === 0 ? { sessionAffinity: 'ClientIP' } : {}),
      },
      ...(typeOf(index) === 'LoadBalancer' ? { status: { loadBalancer: { ingress: [{ ip: `198.51.100.${index}` }] } } } : {}),
    })),
    endpointSlices: indexes.map((index) => ({
      metadata: {
        namespace: index % 2 === 0 ? 'shop' : 'ops',
        name: `svc-${index}`,
        labels: { 'kubernetes.io/service-name': `svc-${index}` },
      },
      addressType: 'IPv4',
      ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
      endpoints: Array.from({ length: endpointsOf(index) }, (_, i) => ({
        addresses: [`10.244.${index % 3}.${1 + index * 4 + i}`],
        nodeName: 'other',
      })),
    })),
  })
}

async function rulesAfterRun(file: { path: string; text: string }): Promise<number> {
  const result = await importCluster([file], 'node')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  const files = memoryFiles({ 's.yaml': result.scenario.replace(/duration: \S+/, 'duration: 100s'), 'manifests.yaml': result.manifests })
  const loaded = await loadScenario('s.yaml', files)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const { proxy } = simulate(loaded.variants[0]!.scenario, { variant: '' })
  return Number([...proxy.rows].at(-1)![proxy.columns.indexOf('rules')])
}

describe('a run of the scenario programs as many rules as the dump has', () => {
  test('iptables', async () => {
    const rules = iptables.build(stateOf(20))
    const { natRules, filterRules } = countRules(rules)
    expect(await rulesAfterRun({ path: 'node.iptables', text: iptables.print(rules) })).toBe(natRules + filterRules)
  })

  test('ipvs: virtual and real servers, where every address is a cluster IP', async () => {
    const text = ipvs
      .print(ipvs.build(stateOf(20)))
      .split('\n')
      .filter((line) => / 10\.96\./.test(line))
      .join('\n')
    expect(await rulesAfterRun({ path: 'node.ipvs', text: `${text}\n` })).toBe(text.split('\n').length)
  })
})

test('traffic goes to what is exposed, schedulers and persistence come along', async () => {
  const text =
    '-A -t 10.96.0.9:80 -s wlc -p 300\n-a -t 10.96.0.9:80 -r 10.244.0.5:8080 -m -w 1\n-A -t 192.168.0.2:30080 -s wlc -p 300\n-a -t 192.168.0.2:30080 -r 10.244.0.5:8080 -m -w 1\n'
  const result = await importCluster([{ path: 'n', text }], 'node')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  expect(result.scenario).toContain('kubeProxy: { mode: ipvs, scheduler: wlc }')
  expect(result.scenario).toContain('to: http://worker-1:30080')
  expect(result.manifests).toContain('timeoutSeconds: 300')
  expect(result.found).toMatchObject({ services: 1, endpoints: 1, pods: 1 })
})

test('where nothing is exposed the Service with the most pods is called from the nodes', async () => {
  const text =
    '-A -t 10.96.0.9:80 -s rr\n-a -t 10.96.0.9:80 -r 10.244.0.5:8080 -m -w 1\n-A -u 10.96.0.10:53 -s rr\n-a -u 10.96.0.10:53 -r 10.244.0.6:53 -m -w 1\n-a -u 10.96.0.10:53 -r 10.244.1.6:53 -m -w 1\n'
  const result = await importCluster([{ path: 'n', text }], 'node')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  expect([...result.scenario.matchAll(/ to: (.*)/g)].map((match) => match[1])).toEqual(['udp://svc-10-96-0-10.default.svc:53'])
  expect(result.scenario).toContain('from: { nodes: all }')
})

test('the rules of several nodes are put together', async () => {
  const a = '-A -t 10.96.0.9:80 -s rr\n-a -t 10.96.0.9:80 -r 10.244.0.5:8080 -m -w 1\n'
  const b = '-A -t 10.96.0.9:80 -s rr\n-a -t 10.96.0.9:80 -r 10.244.1.5:8080 -m -w 1\n-A -t 10.96.0.10:80 -s rr\n'
  const files = [
    { path: 'a', text: a },
    { path: 'b', text: b },
  ]
  const result = await importCluster(files, 'node')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  expect(result.manifests).toContain('replicas: 2')
  expect(result.found.services).toBe(2)
  expect(result.scenario).toContain('{ count: 2, cpu: 4,')
})

test(`Services beyond ${SERVICES_MAX} stand in the rules, and those that are exposed are not among them`, async () => {
  const many = Array.from({ length: SERVICES_MAX + 40 }, (_, index) => {
    const address = `10.96.${Math.floor(index / 250)}.${1 + (index % 250)}:80`
    return `-A -t ${address} -s rr\n-a -t ${address} -r 10.244.${Math.floor(index / 250)}.${1 + (index % 250)}:8080 -m -w 1\n`
  }).join('')
  const last = `10.244.${Math.floor((SERVICES_MAX + 39) / 250)}.${1 + ((SERVICES_MAX + 39) % 250)}:8080`
  const text = `${many}-A -t 192.168.0.2:31000 -s rr\n-a -t 192.168.0.2:31000 -r ${last} -m -w 1\n`
  const result = await importCluster([{ path: 'n', text }], 'node')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  expect(result.scenario).toContain('otherServices: { count: 40, endpoints: 1 }')
  expect(result.manifests).toContain('nodePort: 31000')
  expect(result.assumed).toContainEqual(expect.stringContaining('40 Service ports beyond the first 500 Services'))
}, 60_000)

test('a recorded dump: what is in it is in the scenario', async () => {
  const path = join(import.meta.dirname, 'dumps/node.iptables-nft')
  const result = await importCluster([{ path, text: readFileSync(path, 'utf8') }], 'node')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  expect(result.found).toMatchObject({ services: 10, endpoints: 29, pods: 29, mode: 'iptables' })
  expect(result.manifests.match(/^kind: Deployment$/gm)).toHaveLength(8)
  expect(result.manifests).toContain('internalTrafficPolicy: Local')
  expect(result.manifests).toContain('externalTrafficPolicy: Local')
})
