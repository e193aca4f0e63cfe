import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const service = (name: string, spec: string) => `apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: kube-system }
spec: ${spec}
`
const MANIFESTS = [
  service('kube-dns', '{ selector: { k8s-app: kube-dns }, ports: [{ name: dns, port: 53, protocol: UDP }, { name: tcp, port: 53 }] }'),
  service('web', '{ selector: { app: web }, ports: [{ port: 80 }] }'),
  service('headless', '{ clusterIP: None, selector: { app: web }, ports: [{ port: 53, protocol: UDP }] }'),
].join('---\n')

function load(dns: string, manifests = MANIFESTS) {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: dns }
spec:
  cluster: ${dns}
  manifests: [dns.yaml]
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario, 'dns.yaml': manifests }))
}

async function dnsOf(text: string) {
  const loaded = await load(text)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.variants[0]!.scenario.cluster.dns
}

describe('cluster.dns', () => {
  test('absent, names are resolved at once', async () => {
    expect(await dnsOf('{}')).toBeUndefined()
  })

  test('has the defaults of kubelet and resolv.conf', async () => {
    const defaults = { namespace: 'kube-system', service: 'kube-dns', port: 53, ndots: 5, timeout: 5e9, attempts: 2 }
    expect(await dnsOf('{ dns: {} }')).toEqual(defaults)
    expect(await dnsOf('{ dns: { ndots: 1, timeout: 1s, attempts: 3 } }')).toEqual({ ...defaults, ndots: 1, timeout: 1e9, attempts: 3 })
  })

  test.each([
    ['{ dns: { service: kube-dns } }', 'Cannot read "kube-dns" as a Service'],
    ['{ dns: { service: kube-dns.default } }', 'There is no Service "kube-dns" in the namespace "default" that would answer DNS'],
    ['{ dns: { service: web.kube-system } }', 'Service "web" cannot answer DNS'],
    ['{ dns: { service: headless.kube-system } }', 'Service "headless" cannot answer DNS'],
    ['{ dns: { timeout: 0s } }', 'A timeout of 0 would fail every query'],
    ['{ dns: { attempts: 6 } }', 'Cannot use "6" here'],
    ['{ dns: { options: [use-vc] } }', 'Cannot use "use-vc" here'],
    ['{ dns: { options: [single-request, single-request-reopen] } }', 'Cannot use a list here'],
    ['{ dns: { overlapping: 200% }, kernel: "5.4" }', '"200%" is more than everything'],
    ['{ dns: { nodeLocal: true } }', 'Unknown key "nodeLocal"'],
  ])('%s is refused', async (text, message) => {
    const loaded = await load(text)
    expect(loaded.ok ? [] : loaded.problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)])
  })

  test('has an option of resolv.conf, and a share of pairs that overlap', async () => {
    const dns = await dnsOf('{ kernel: "5.4", dns: { options: [single-request-reopen] } }')
    expect(dns).toMatchObject({ sequence: 'single-request-reopen' })
    expect(await dnsOf('{ kernel: "5.4", dns: { overlapping: 5% } }')).toMatchObject({ overlapping: 0.05 })
  })

  test.each([
    ['{ dns: { overlapping: 5% } }', 'From Linux 5.6 on queries that overlap are not dropped'],
    ['{ kernel: "5.4", dns: { overlapping: 5%, options: [single-request] } }', 'With single-request no two queries are sent at once'],
  ])('%s has no effect', async (text, message) => {
    const { warnings } = await load(text)
    expect(warnings.map(({ message: found }) => found)).toContain(message)
  })

  test('names a Service of the manifests', async () => {
    const loaded = await load('{ dns: {} }', service('web', '{ selector: { app: web }, ports: [{ port: 80 }] }'))
    expect(loaded.ok ? [] : loaded.problems.map(({ accepted }) => accepted)).toEqual(['the manifests have web.kube-system'])
  })
})
