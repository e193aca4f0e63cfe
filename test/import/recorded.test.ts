import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RULE_READERS } from '../../src/import/rules/index.ts'
import type { RuleDump } from '../../src/import/rules/rule-dump.ts'
import { nftJsonOf } from '../../src/import/rules/testing/nft-json-of.ts'
import { readProxyState } from '../../src/kube-proxy/model/proxy-state.ts'
import { countRules } from '../../src/kube-proxy/rules/iptables/count.ts'
import * as iptables from '../../src/kube-proxy/rules/iptables/index.ts'
import { countRules as countNft } from '../../src/kube-proxy/rules/nftables/count.ts'
import * as nftables from '../../src/kube-proxy/rules/nftables/index.ts'
import { reasonAgainstNamespaces } from '../kernel/netns.ts'
import { clusterOf } from '../kernel/netns-cluster.ts'

/** Dumps that the kernel gave, read back: what kube-proxy wrote comes out changed in form, and must mean the same. */
const state = readProxyState(clusterOf(10))
const DUMPS = join(import.meta.dirname, 'dumps')
const recorded = (name: string) => readFileSync(join(DUMPS, name), 'utf8')

function read(mode: RuleDump['mode'], text: string): RuleDump {
  const { dump, problems } = RULE_READERS[mode]('dump', text)
  expect(problems.told).toEqual([])
  return dump
}

/** In the order of the Services; what only some modes know is left out. */
const told = (dump: RuleDump) =>
  dump.services
    .map(({ namespace, name, portName, protocol, clusterIP, port, nodePort, loadBalancerIPs, sourceRanges, affinitySeconds, ...rest }) => ({
      ...{ namespace, name, portName, protocol, clusterIP, port, nodePort, loadBalancerIPs, sourceRanges, affinitySeconds },
      ...{ internalLocal: rest.internalPolicyLocal, externalLocal: rest.externalPolicyLocal },
      endpoints: rest.endpoints.map(({ address, port }) => `${address}:${port}`).toSorted(),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

const COMMON = { namespace: 'shop', portName: 'http', protocol: 'TCP', port: 80, nodePort: 0, loadBalancerIPs: [], sourceRanges: [] }
const service = (index: number, endpoints: number, rest: object = {}) => ({
  ...COMMON,
  ...{ name: `svc-${index}`, clusterIP: `172.30.4.${index + 1}`, affinitySeconds: null, internalLocal: false, externalLocal: false },
  endpoints: Array.from({ length: endpoints }, (_, i) => `10.64.0.${1 + index * 15 + i}:8080`).toSorted(),
  ...rest,
})
const EXPECTED = [
  service(0, 10),
  service(1, 3, { nodePort: 30_001 }),
  service(2, 3, { nodePort: 30_002, loadBalancerIPs: ['198.51.100.3'], sourceRanges: ['203.0.113.0/25'] }),
  service(3, 3, { nodePort: 30_003, loadBalancerIPs: ['198.51.100.4'], externalLocal: true }),
  service(4, 3),
  service(5, 3, { affinitySeconds: 10_800 }),
  // Policy Local: only the endpoint of this node, and none where it has none.
  service(6, 1, { internalLocal: true }),
  service(7, 0, { internalLocal: true }),
  service(8, 0),
  service(9, 3, { nodePort: 30_009, externalLocal: true }),
]

describe.each([
  ['iptables', 'node.iptables-legacy'],
  ['iptables', 'node.iptables-nft'],
  ['nftables', 'node.nft.json'],
] as const)('%s: %s', (mode, file) => {
  test('has the ten Services', () => {
    expect(told(read(mode, recorded(file)))).toEqual(EXPECTED)
  })

  test('has as many rules as the model of kube-proxy', () => {
    const rules = iptables.build(state)
    const wanted =
      mode === 'iptables'
        ? { natRules: countRules(rules).natRules, filterRules: countRules(rules).filterRules }
        : countNft(nftables.build(state))
    expect(read(mode, recorded(file)).counts).toEqual(wanted)
  })

  test('nothing is odd, and what is not kube-proxy’s is told', () => {
    expect(read(mode, recorded(file))).toMatchObject({ findings: [], skipped: [], podCIDR: '10.0.0.0/8' })
  })
})

test('ipvs: cluster IPs, node ports and addresses from outside, with schedulers and persistence', () => {
  const dump = read('ipvs', recorded('node.ipvs'))
  const byAddress = new Map(dump.services.map((each) => [each.clusterIP, each]))
  expect(byAddress.get('172.30.4.1')).toMatchObject({ port: 80, protocol: 'TCP', scheduler: 'rr', affinitySeconds: null, nodePort: 0 })
  expect(byAddress.get('172.30.4.1')!.endpoints).toHaveLength(10)
  expect(byAddress.get('172.30.4.2')).toMatchObject({ nodePort: 30_001 })
  expect(byAddress.get('172.30.4.6')).toMatchObject({ affinitySeconds: 10_800 })
  expect(byAddress.get('172.30.4.9')!.endpoints).toEqual([])
  expect(dump.counts.virtualServers).toBe(recorded('node.ipvs').match(/^-A /gm)!.length)
})

test('the JSON that property tests write of a table is what nft printed, but for handles and orders', () => {
  const plain = (entries: unknown[]) =>
    entries
      .map((entry) => {
        const [kind, value] = Object.entries(entry as object)[0] as [string, Record<string, unknown>]
        if (kind === 'chain') return JSON.stringify([kind, value.name])
        const sorted = Object.keys(value)
          .filter((key) => key !== 'handle')
          .toSorted()
        const elem = (list: unknown) => (list as unknown[]).map((each) => JSON.stringify(each)).toSorted()
        return JSON.stringify([kind, sorted.map((key) => [key, key === 'elem' ? elem(value[key]) : value[key]])])
      })
      .filter((text) => !text.startsWith('["metainfo"'))
      .toSorted()
  const printed = JSON.parse(recorded('node.nft.json')) as { nftables: unknown[] }
  expect(plain(nftJsonOf(nftables.build(state)).nftables)).toEqual(plain(printed.nftables))
})

/** Loads a text in a network namespace of the test's own and gives what is dumped from it; null where a program is not installed. */
function viaKernel(load: readonly string[], dump: readonly string[], text: string): string | null {
  const name = `towtank-import-${process.pid}`
  const inside = (words: readonly string[], input = '') => spawnSync('ip', ['netns', 'exec', name, ...words], { encoding: 'utf8', input })
  spawnSync('ip', ['netns', 'add', name])
  try {
    if (inside([load[0]!, '--version']).status !== 0) return null
    const loaded = inside(load, text)
    if (loaded.status !== 0) throw new Error(loaded.stderr)
    return inside(dump).stdout
  } finally {
    spawnSync('ip', ['netns', 'del', name])
  }
}

const reason = reasonAgainstNamespaces()
describe.skipIf(reason !== null)(`through the kernel of this machine${reason === null ? '' : ` (skipped: ${reason})`}`, () => {
  test.each([
    ['iptables-legacy-restore', 'iptables-legacy-save'],
    ['iptables-nft-restore', 'iptables-nft-save'],
  ])('%s', (restore, save) => {
    const text = viaKernel([restore], [save], iptables.print(iptables.build(state)))
    if (text === null) return console.log(`${restore} is not installed: not tried`)
    expect(told(read('iptables', text))).toEqual(EXPECTED)
  })

  test('nft', () => {
    const text = viaKernel(['nft', '-f', '-'], ['nft', '-j', 'list', 'ruleset'], nftables.print(nftables.build(state)))
    if (text === null) return console.log('nft is not installed: not tried')
    expect(told(read('nftables', text))).toEqual(EXPECTED)
  })
})
