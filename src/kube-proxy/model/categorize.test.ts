import { describe, expect, test } from 'vitest'
import { categorizeEndpoints } from './categorize.ts'
import { rawService } from './cluster.fixture.ts'
import type { ProxyEndpoint } from './endpoint.ts'
import { readServicePorts } from './service-port.ts'

const PORT = readServicePorts([rawService('web')], { ipFamily: 'IPv4' })[0]!
const INTERNAL_LOCAL = { ...PORT, internalPolicyLocal: true }
const EXTERNAL_LOCAL = { ...PORT, externalPolicyLocal: true, nodePort: 30_000 }

/** An endpoint by a word of letters: r ready, s serving, t terminating, l local; then hints `@zone` and `#node`. */
function endpoint(word: string, index: number): ProxyEndpoint {
  const [flags, ...hints] = word.split(/(?=[@#])/)
  const hinted = (sign: string) => hints.filter((hint) => hint.startsWith(sign)).map((hint) => hint.slice(1))
  return {
    address: `10.0.0.${index}`,
    port: 80,
    endpoint: String(index),
    isLocal: flags!.includes('l'),
    ready: flags!.includes('r'),
    serving: flags!.includes('s'),
    terminating: flags!.includes('t'),
    zoneHints: hinted('@'),
    nodeHints: hinted('#'),
  }
}

function categories(words: string, port = PORT, zone = 'a'): { cluster: string; local: string; all: string; hasAny: boolean } {
  const endpoints = words === '' ? [] : words.split(' ').map(endpoint)
  const node = { nodeName: 'here', topologyLabels: zone === '' ? {} : { 'topology.kubernetes.io/zone': zone } }
  const { cluster, local, allReachable, hasAny } = categorizeEndpoints(endpoints, port, node)
  const names = (list: readonly ProxyEndpoint[]) => list.map((one) => one.endpoint).join(' ')
  return { cluster: names(cluster), local: names(local), all: names(allReachable), hasAny }
}

describe('policy Cluster', () => {
  test.each([
    ['nobody', '', '', false],
    ['ready ones only', 'r st - r', '0 3', true],
    ['without a ready one, those that terminate and serve', 'st - t s st', '0 4', true],
    ['none that is of use', '- t s', '', false],
  ])('%s', (_what, words, cluster, hasAny) => {
    expect(categories(words)).toEqual({ cluster, local: '', all: cluster, hasAny })
  })
})

describe('hints', () => {
  test.each([
    ['for this zone', 'r@a r@b r@b@a', '0 2'],
    ['for this node go before those for its zone', 'r@a#there r@a#here r@b#here', '1 2'],
    ['for other nodes leave the zone to decide', 'r@a#there r@b#there', '0'],
    ['for nodes do not count when one has none', 'r@a#here r@a r@b#here', '0 1'],
    ['do not count when one has none', 'r@a r r@b', '0 1 2'],
    ['of endpoints that are not ready do not matter', 'r@a - r@b', '0'],
    ['do not count when none is for this zone', 'r@b r@c', '0 1'],
    ['do not count among terminating endpoints', 'st@a st@b', '0 1'],
  ])('%s', (_what, words, cluster) => {
    expect(categories(words).cluster).toBe(cluster)
  })

  test('do not count on a node that does not know its zone', () => {
    expect(categories('r@a r@b', PORT, '').cluster).toBe('0 1')
  })

  test('do not restrict policy Local', () => {
    expect(categories('rl@b r@a r@b', EXTERNAL_LOCAL)).toEqual({ cluster: '1', local: '0', all: '0 1', hasAny: true })
  })
})

describe('policy Local', () => {
  test('inside alone: this node only, and all else counts as being somewhere', () => {
    expect(categories('rl r', INTERNAL_LOCAL)).toEqual({ cluster: '', local: '0', all: '0', hasAny: true })
    expect(categories('r r', INTERNAL_LOCAL)).toEqual({ cluster: '', local: '', all: '', hasAny: true })
    expect(categories('s -', INTERNAL_LOCAL)).toEqual({ cluster: '', local: '', all: '', hasAny: false })
  })

  test('outside: both lists, and all of either are reachable, once', () => {
    expect(categories('rl r', EXTERNAL_LOCAL)).toEqual({ cluster: '0 1', local: '0', all: '0 1', hasAny: true })
  })

  test('a terminating endpoint of this node serves here while the cluster has ready ones', () => {
    expect(categories('stl r', EXTERNAL_LOCAL)).toEqual({ cluster: '1', local: '0', all: '0 1', hasAny: true })
    expect(categories('stl rl r', EXTERNAL_LOCAL)).toEqual({ cluster: '1 2', local: '1', all: '1 2', hasAny: true })
  })
})
