import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DumpFile } from '../../src/import/dump-file.ts'
import { type ImportedCluster, importCluster } from '../../src/import/import-cluster.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'

/** A cluster of four nodes, as kubectl prints it, with a secret in every place that can hold one: each has the word CANARY in it. */
const FOLDER = join(import.meta.dirname, 'cluster')
const CLUSTER: DumpFile[] = readdirSync(FOLDER).map((name) => ({ path: name, text: readFileSync(join(FOLDER, name), 'utf8') }))

async function imported(files: readonly DumpFile[]): Promise<ImportedCluster> {
  const result = await importCluster(files, 'shop')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result
}

async function load({ scenario, manifests }: ImportedCluster, change: (text: string) => string = (text) => text) {
  const loaded = await loadScenario('s.yaml', memoryFiles({ 's.yaml': change(scenario), 'manifests.yaml': manifests }))
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded
}

describe('a cluster as kubectl prints it', () => {
  test('nothing that may be a secret is copied or told, from wherever', async () => {
    const texts = CLUSTER.map(({ text }) => text).join('')
    expect(texts.match(/CANARY/g)!.length).toBe(17)
    expect(JSON.stringify(await imported(CLUSTER))).not.toMatch(/CANARY|Q0FOQVJZ/)
  })

  test('nodes: alike ones in a group, zones in turn, the control plane apart; versions of the machines', async () => {
    const { scenario, found } = await imported(CLUSTER)
    expect(found).toMatchObject({ nodes: 4, nodeGroups: 2, services: 3, endpoints: 4, pods: 4, mode: 'iptables' })
    for (const line of [
      'version: "1.31"',
      'kernel: "5.15"',
      'runtime: containerd',
      'install: kubeadm',
      'controlPlane: { cpu: 2, memory: 3776Mi }',
      '- { count: 2, cpu: 3920m, memory: 14912Mi, maxPods: 110, zone: [eu-1a, eu-1b] }',
      '- { count: 1, cpu: 16, memory: 65536Mi, maxPods: 110, zone: [eu-1a] }',
      'kubeProxy: { mode: iptables, conntrack: { maxPerCore: 32768, min: 131072 } }',
    ])
      expect(scenario.split('\n').map((each) => each.trim())).toContain(line)
  })

  test('taints, cordons and labels that pods ask for are put on the nodes of the model; host names are those of the model', async () => {
    const { scenario, manifests } = await imported(CLUSTER)
    expect([...scenario.matchAll(/at: 0s, kubectl: "(.*)" /g)].map((match) => match[1])).toEqual([
      'label node/worker-1 disk=ssd --overwrite',
      'label node/worker-2 disk=ssd --overwrite',
      'cordon worker-2',
      'taint node worker-3 dedicated=gpu:NoSchedule',
    ])
    expect(manifests).toContain('- worker-1')
    expect(manifests).not.toContain('node-a.example.internal')
  })

  test('what differs between nodes, and what the scenario cannot say, is told', async () => {
    const { findings, leftOut } = await imported(CLUSTER)
    expect(findings).toEqual([
      expect.stringContaining('2 versions (1.30, 1.31)'),
      expect.stringContaining('2 kernels (5.15, 6.8)'),
      expect.stringContaining('minSyncPeriod 5s, syncPeriod 30s'),
      expect.stringContaining('1 cordoned node'),
    ])
    const told = leftOut.map(({ what, count, names }) => [what, count, names])
    expect(told).toContainEqual(['Secret (v1)', 1, []])
    expect(told).toContainEqual(['DaemonSet', 1, ['kube-system/kube-proxy']])
    expect(told).toContainEqual(['Pod', 1, ['shop/web-6d8f7-abcde']])
    expect(told).toContainEqual(['priorityClassName', 1, ['Deployment shop/web']])
    expect(told).toContainEqual(['readinessGates', 1, ['Deployment shop/web']])
    expect(told).toContainEqual(['postStart hook', 1, ['Deployment shop/web']])
    expect(told).toContainEqual(['requests of ephemeral-storage', 1, ['Deployment shop/web']])
  })

  test('everything that was made up is marked', async () => {
    const { scenario } = await imported(CLUSTER)
    for (const line of scenario.split('\n')) {
      if (/^ +(serviceTime|concurrency|queue|startUp|onTerminate|arrivals|duration|warmUp):/.test(line)) expect(line).toContain('# ASSUMED')
    }
    expect(scenario.match(/ASSUMED/g)!.length).toBeGreaterThan(15)
  })

  test('the scenario runs, its pods become ready and its traffic is answered', async () => {
    const result = await imported(CLUSTER)
    const loaded = await load(result, (text) => text.replace(/duration: \S+/, 'duration: 100s'))
    const run = simulate(loaded.variants[0]!.scenario, { variant: '' })
    const [sent, ok] = ['sent', 'ok'].map((name) => run.requests.columns.indexOf(name))
    expect([sent, ok]).not.toContain(-1)
    const sum = (column: number) => [...run.requests.rows].reduce((total, row) => total + Number(row[column]), 0)
    expect(sum(ok!)).toBeGreaterThan(150)
    // The last ones are still on their way.
    expect(sum(sent!) - sum(ok!)).toBeLessThan(5)
  })

  test('the order of files and of objects in them makes no difference', async () => {
    const nodes = CLUSTER.find(({ path }) => path === 'nodes.yaml')!
    const documents = nodes.text.split(/^ {2}- apiVersion/m)
    const turned = [documents[0], ...documents.slice(1).reverse()].join('  - apiVersion')
    const other = CLUSTER.map((file) => (file === nodes ? { ...file, text: turned } : file)).toReversed()
    const [a, b] = [await imported(CLUSTER), await imported(other)]
    expect(b.scenario).toBe(a.scenario)
    expect(b.manifests).toBe(a.manifests)
  })
})

describe('with the rules of a node beside', () => {
  const rules = (lines: readonly string[]) => ({ path: 'node-a.iptables', text: ['*nat', ...lines, 'COMMIT', ''].join('\n') })
  const web = [
    '-A KUBE-SERVICES -d 10.96.12.34/32 -p tcp -m comment --comment "shop/web:http cluster IP" -m tcp --dport 80 -j KUBE-SVC-WEBWEBWEBWEBWEBW',
    '-A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web:http" -m tcp --dport 31080 -j KUBE-EXT-WEBWEBWEBWEBWEBW',
    '-A KUBE-SVC-WEBWEBWEBWEBWEBW -m comment --comment "shop/web:http -> 10.244.1.5:8080" -m recent --rcheck --seconds 600 --reap --name KUBE-SEP-A --mask 255.255.255.255 --rsource -j KUBE-SEP-A',
    '-A KUBE-SVC-WEBWEBWEBWEBWEBW -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-A',
    '-A KUBE-SVC-WEBWEBWEBWEBWEBW -j KUBE-SEP-B',
    '-A KUBE-SEP-A -p tcp -m tcp -j DNAT --to-destination 10.244.1.5:8080',
  ]
  const api = [
    '-A KUBE-SERVICES -d 10.96.12.35/32 -p tcp -m comment --comment "shop/api cluster IP" -m tcp --dport 8080 -j KUBE-SVC-APIAPIAPIAPIAPIA',
    '-A KUBE-SVC-APIAPIAPIAPIAPIA -j KUBE-SEP-C',
    '-A KUBE-SEP-C -p tcp -m tcp -j DNAT --to-destination 10.244.1.9:8080',
    '-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -m tcp --dport 443 -j KUBE-SVC-KUBEKUBEKUBEKUBE',
    '-A KUBE-SVC-KUBEKUBEKUBEKUBE -j KUBE-SEP-D',
    '-A KUBE-SEP-D -p tcp -m tcp -j DNAT --to-destination 192.168.7.10:6443',
  ]
  const good = '-A KUBE-SEP-B -p tcp -m tcp -j DNAT --to-destination 10.244.2.6:8080'

  test('a node that agrees: no finding', async () => {
    const { crossChecks, findings } = await imported([...CLUSTER, rules([...web, good, ...api])])
    expect(crossChecks).toEqual([
      { file: 'node-a.iptables', mode: 'iptables', same: 3, missing: [], stale: [], endpoints: [], settings: [] },
    ])
    expect(findings.filter((text) => text.includes('node-a'))).toEqual([])
  })

  test('a node that lags behind: what is missing, what is stale, and which endpoints differ, with numbers', async () => {
    const old = '-A KUBE-SEP-B -p tcp -m tcp -j DNAT --to-destination 10.244.3.3:8080'
    const gone = [
      '-A KUBE-SERVICES -d 10.96.12.99/32 -p tcp -m comment --comment "shop/gone cluster IP" -m tcp --dport 80 -j KUBE-SVC-GONEGONEGONEGONE',
      '-A KUBE-SVC-GONEGONEGONEGONE -j KUBE-SEP-A',
    ]
    const { crossChecks, findings } = await imported([...CLUSTER, rules([...web, old, ...gone, ...api.slice(3)])])
    expect(crossChecks).toEqual([
      {
        ...{ file: 'node-a.iptables', mode: 'iptables', same: 2, missing: ['shop/api'], stale: ['shop/gone'], settings: [] },
        endpoints: [{ servicePort: 'shop/web:http', missing: 1, stale: 1 }],
      },
    ])
    expect(findings.filter((text) => text.includes('node-a'))).toEqual([
      expect.stringContaining('1 of 3 Service ports of the API are not in the rules: the node is behind (shop/api)'),
      expect.stringContaining('1 Service ports are in the rules and not in the API'),
      expect.stringContaining('1 are missing in the rules, 1 are there that should not be (shop/web:http)'),
    ])
  })

  test('another session affinity or node port than the API has', async () => {
    const other = web.map((line) => line.replace('--seconds 600', '--seconds 60'))
    expect((await imported([...CLUSTER, rules([...other, good, ...api])])).crossChecks[0]!.settings).toEqual(['shop/web:http'])
    const port = web.map((line) => line.replace('31080', '31081'))
    expect((await imported([...CLUSTER, rules([...port, good, ...api])])).crossChecks[0]!.settings).toEqual(['shop/web:http'])
  })

  test('rules of another mode than the ConfigMap says, and rules of another cluster', async () => {
    const ipvs = { path: 'node-a.ipvs', text: '-A -t 10.96.12.35:8080 -s rr\n-a -t 10.96.12.35:8080 -r 10.244.1.9:8080 -m -w 1\n' }
    const { findings, scenario } = await imported([...CLUSTER, ipvs])
    expect(findings).toContainEqual(expect.stringContaining('says mode iptables, and node-a.ipvs has rules of mode ipvs'))
    expect(scenario).toContain('mode: iptables')
    const foreign = { path: 'x.ipvs', text: '-A -t 10.1.1.1:80 -s rr\n' }
    expect((await imported([...CLUSTER, foreign])).findings).toContainEqual(
      expect.stringContaining('none of the 3 Service ports of the API is in these rules'),
    )
  })
})
