import { expect, test } from 'vitest'
import { reapDrained, reconcile, type VirtualServers } from './graceful-termination.ts'
import { keyOf, type RealServer, type VirtualServer } from './virtual-server.ts'

/** One virtual server; each word is a real server, `b*` one of weight 0. */
function holding(words: string, protocol: VirtualServer['protocol'] = 'TCP'): VirtualServers {
  const realServers: RealServer[] = words
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => ({ address: word.replace('*', ''), port: 80, weight: word.endsWith('*') ? 0 : 1 }))
  const server = { address: 'vip', port: 80, protocol, scheduler: 'rr', persistentTimeout: 0, sourcePort: false, realServers }
  return new Map([[keyOf(server), server]])
}

function words(servers: VirtualServers): string {
  return [...servers.values()]
    .flatMap(({ realServers }) => realServers)
    .map(({ address, weight }) => (weight === 0 ? `${address}*` : address))
    .join(' ')
}

const busy =
  (names: string) =>
  (_virtualServer: VirtualServer, { address }: RealServer) =>
    names.includes(address) ? 1 : 0

test.each([
  ['what stays keeps its place, what is new comes last', 'a b', 'c b a', '', 'a b c'],
  ['an idle server goes at once', 'a b c', 'a c', '', 'a c'],
  ['a busy one is drained in its place', 'a b c', 'a c', 'b', 'a b* c'],
  ['a drained one that is still busy stays drained', 'a b*', 'a', 'b', 'a b*'],
  ['a drained one that is idle goes', 'a b*', 'a', 'a', 'a'],
  ['one that comes back while it is drained is added anew', 'a b* c', 'a b c', 'b', 'a c b'],
])('%s', (_name, held, wanted, busyNames, expected) => {
  expect(words(reconcile(holding(held), holding(wanted), busy(busyNames)))).toBe(expected)
})

test.each(['UDP', 'SCTP'] as const)('%s servers are not drained', (protocol) => {
  expect(words(reconcile(holding('a b', protocol), holding('a', protocol), busy('b')))).toBe('a')
})

test('a virtual server that is no longer wanted goes with its connections, and a new one comes whole', () => {
  expect(reconcile(holding('a'), new Map(), busy('a')).size).toBe(0)
  expect(words(reconcile(new Map(), holding('a b'), busy('')))).toBe('a b')
})

test('the minute loop takes drained servers whose connections have ended', () => {
  expect(words(reapDrained(holding('a b* c* d'), busy('c')))).toBe('a c* d')
})
