import { describe, expect, test } from 'vitest'
import { MINUTE, SECOND } from '../../units.ts'
import { NOT_FORWARDED, VirtualServer, type VirtualServerSpec } from './virtual-server.ts'

const SPEC: VirtualServerSpec = { scheduler: 'rr', persistence: null, inhibitOnFailure: false }
const SERVERS = [0, 1, 2].map((node) => ({ node, address: 100 + node, weight: 1 }))
const VIRTUAL = { address: 1, port: 80, protocol: 6 }

function server(spec: Partial<VirtualServerSpec> = {}, { down = [] as number[], servers = SERVERS } = {}): VirtualServer {
  return new VirtualServer(
    { ...SPEC, ...spec },
    servers,
    VIRTUAL,
    (index) => !down.includes(index),
    () => 0,
  )
}

/** Nodes of connections from clients 1, 2, … now. */
function nodes(virtual: VirtualServer, count: number, now = 0): number[] {
  return Array.from({ length: count }, (_, client) => virtual.nodeOf(virtual.connect(client + 1, 40_000, now)))
}

describe('VirtualServer', () => {
  test('takes servers in turn, and by their weights', () => {
    const turn = nodes(server(), 6)
    expect([...turn.slice(0, 3)].sort()).toEqual([0, 1, 2])
    expect(turn.slice(3)).toEqual(turn.slice(0, 3))
    const weighted = nodes(server({ scheduler: 'wrr' }, { servers: SERVERS.map((one) => ({ ...one, weight: one.node + 1 })) }), 600)
    expect([0, 1, 2].map((node) => weighted.filter((chosen) => chosen === node).length)).toEqual([100, 200, 300])
  })

  test('refuses where no server is in', () => {
    const virtual = server({}, { down: [0, 1, 2] })
    expect(virtual.connect(1, 40_000, 0)).toBe(NOT_FORWARDED)
    virtual.setUp(1, true, SECOND)
    expect(nodes(virtual, 3, SECOND)).toEqual([1, 1, 1])
  })

  test('takes a server that is down out at once: its connections get nowhere until it is in again', () => {
    const virtual = server()
    const connections = [1, 2, 3].map((client) => virtual.connect(client, 40_000, 0))
    const onNode1 = connections.find((connection) => virtual.nodeOf(connection) === 1)!
    virtual.setUp(1, false, SECOND)
    expect(
      virtual
        .snapshot()
        .map(({ node }) => node)
        .sort(),
    ).toEqual([0, 2])
    expect(connections.map((connection) => virtual.passes(connection))).toEqual(connections.map((one) => one !== onNode1))
    expect(nodes(virtual, 4, SECOND)).not.toContain(1)
    virtual.setUp(1, true, 2 * SECOND)
    expect(virtual.passes(onNode1)).toBe(true)
    expect(virtual.snapshot().find(({ node }) => node === 1)).toMatchObject({ weight: 1, active: 1 })
  })

  test('with inhibit_on_failure it keeps its connections, and gets no new ones', () => {
    const virtual = server({ inhibitOnFailure: true }, { down: [2] })
    const connections = [1, 2].map((client) => virtual.connect(client, 40_000, 0))
    virtual.setUp(1, false, SECOND)
    expect(connections.map((connection) => virtual.passes(connection))).toEqual([true, true])
    expect(nodes(virtual, 4, SECOND)).toEqual([0, 0, 0, 0])
    expect(virtual.snapshot().map(({ node, weight }) => [node, weight])).toEqual([
      [2, 0],
      [1, 0],
      [0, 1],
    ])
  })

  test('counts a connection until its state is over', () => {
    const virtual = server({ scheduler: 'lc' })
    const first = virtual.connect(1, 40_000, 0)
    virtual.finish(first, 'time-wait', SECOND)
    const count = () => virtual.snapshot().reduce((sum, { active, inactive }) => sum + active + 10 * inactive, 0)
    expect(count()).toBe(10)
    virtual.setUp(0, false, 120 * SECOND)
    expect(count()).toBe(10)
    virtual.setUp(0, true, 130 * SECOND)
    expect(count()).toBe(0)
  })

  describe('persistence', () => {
    test('keeps a client at its node for so long after its last new connection', () => {
      const virtual = server({ persistence: 5 * MINUTE })
      const first = virtual.connect(7, 1, 0)
      virtual.finish(first, 'close', 0)
      nodes(virtual, 1, 0)
      expect(virtual.nodeOf(virtual.connect(7, 2, 4 * MINUTE))).toBe(virtual.nodeOf(first))
    })

    test.each([
      ['is scheduled anew when its server has been taken out', false],
      ['stays at a server with weight 0', true],
    ])('a client %s', (_, inhibitOnFailure) => {
      const virtual = server({ persistence: 5 * MINUTE, inhibitOnFailure })
      const node = virtual.nodeOf(virtual.connect(7, 1, 0))
      virtual.setUp(node, false, SECOND)
      expect(virtual.nodeOf(virtual.connect(7, 2, 2 * SECOND)) === node).toBe(inhibitOnFailure)
    })
  })
})
