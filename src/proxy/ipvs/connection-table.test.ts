import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { SCTP, TCP, UDP } from '../protocol.ts'
import { ConnectionTable, DROPPED, type IpvsSysctls, KUBE_PROXY_SYSCTLS, NOT_SCHEDULED, type Segment } from './connection-table.ts'
import { NO_DESTINATION } from './destination-list.ts'
import { firingTick, tickAt } from './kernel-timer.ts'
import type { Packet } from './scheduler.ts'
import {
  afterClientChunk,
  afterServerChunk,
  isSctpActive,
  NONE as SCTP_NONE,
  type SctpChunk,
  type SctpState,
  sctpTimeout,
} from './sctp-state.ts'
import { afterClient, afterServer, isActive, NEW, type TcpFlag, type TcpState } from './tcp-state.ts'
import { type Persistence, VirtualService } from './virtual-service.ts'

const VIP = 0x0a600001

function packet(port: number, { source = 7, protocol = TCP }: { source?: number; protocol?: number } = {}): Packet {
  return { protocol, sourceAddress: source, sourcePort: port, destinationAddress: VIP, destinationPort: 80 }
}

/** One service with destinations 1, 2, 3 in round robin: picks go 3, 2, 1, 3, …; a client's packets in, a server's packets out. */
class Node {
  readonly service: VirtualService
  readonly table: ConnectionTable
  now: Nanos = 0

  constructor(sysctls: Partial<IpvsSysctls> = {}, persistence: Persistence | null = null) {
    this.service = new VirtualService({ scheduler: 'rr', persistence })
    this.table = new ConnectionTable({ sysctls: { ...KUBE_PROXY_SYSCTLS, ...sysctls } })
    for (const backend of [1, 2, 3]) this.service.add(backend, 80, 1)
  }

  /** The backend that gets the packet, or the verdict. */
  client(sent: Packet, flag: Segment, confirmed = flag !== 'syn' && flag !== 'init'): number {
    return this.#backend(this.table.fromClient(this.service, sent, flag, confirmed, this.now))
  }

  server(sent: Packet, flag: Segment): number {
    return this.#backend(this.table.fromServer(sent, flag, this.now))
  }

  /** A handshake. */
  open(sent: Packet): number {
    const backend = this.client(sent, 'syn')
    if (backend > 0) {
      this.server(sent, 'syn')
      this.client(sent, 'ack')
    }
    return backend
  }

  pass(time: Nanos): void {
    this.now += time
    this.table.expire(this.now)
  }

  /** [active, inactive] of a backend. */
  counters(backend: number): [number, number] {
    const slot = this.service.destinations.find(backend, 80)
    return slot < 0 ? [0, 0] : [this.service.destinations.active(slot), this.service.destinations.inactive(slot)]
  }

  remove(backend: number): void {
    this.service.remove(this.service.find(backend, 80))
  }

  weight(backend: number, weight: number): void {
    this.service.setWeight(this.service.find(backend, 80), weight)
  }

  #backend(verdict: number): number {
    return verdict < 0 ? verdict : this.service.destinations.address(verdict)
  }
}

describe('a TCP connection', () => {
  test('is active from the SYN to the first FIN, then inactive for 120 s', () => {
    const node = new Node()
    expect(node.client(packet(1), 'syn')).toBe(3)
    expect(node.counters(3)).toEqual([1, 0])
    node.server(packet(1), 'syn')
    node.client(packet(1), 'ack')
    node.client(packet(1), 'fin')
    expect(node.counters(3)).toEqual([0, 1])
    node.server(packet(1), 'fin')
    node.client(packet(1), 'ack')
    node.pass(120 * SECOND)
    expect(node.counters(3)).toEqual([0, 1])
    node.pass(2048 * MILLISECOND)
    expect(node.counters(3)).toEqual([0, 0])
    expect(node.table.size).toBe(0)
  })

  test.each([
    ['the client closes and the server never does: CLOSE_WAIT, 60 s', ['client fin'], 60, 0],
    ['the server closes and the client never does: FIN_WAIT, 120 s', ['server fin'], 120, 0],
    ['the server closes first, then the client: TIME_WAIT, 120 s', ['server fin', 'client fin'], 120, 0],
    ['the client resets: CLOSE, 10 s', ['client rst'], 10, 0],
    ['the server resets: CLOSE, 10 s', ['server rst'], 10, 0],
    ['nobody says anything any more: ESTABLISHED, 900 s', [], 900, 1],
  ] as [string, string[], number, number][])('%s', (_case, segments, timeout, active) => {
    const node = new Node()
    node.open(packet(1))
    for (const segment of segments) {
      const [side, flag] = segment.split(' ') as ['client' | 'server', TcpFlag]
      node[side](packet(1), flag)
    }
    expect(node.counters(3)).toEqual([active, 1 - active])
    node.pass(timeout * SECOND)
    expect(node.table.size).toBe(1)
    node.pass(((timeout * SECOND) / 7) | 0 || SECOND)
    node.pass(20 * SECOND)
    expect(node.table.size).toBe(0)
    expect(node.counters(3)).toEqual([0, 0])
  })

  test('that is never answered stays active for 60 s after the last SYN', () => {
    const node = new Node()
    node.client(packet(1), 'syn')
    node.pass(SECOND)
    expect(node.client(packet(1), 'syn')).toBe(3)
    node.pass(60 * SECOND)
    expect(node.counters(3)).toEqual([1, 0])
    node.pass(3 * SECOND)
    expect(node.counters(3)).toEqual([0, 0])
  })

  test('begins with a SYN only: any other segment is left to the node', () => {
    const node = new Node()
    for (const flag of ['ack', 'fin', 'rst'] as const) expect(node.client(packet(1), flag)).toBe(NOT_SCHEDULED)
    expect(node.server(packet(1), 'ack')).toBe(NOT_SCHEDULED)
    expect(node.table.size).toBe(0)
  })

  test('is refused when no destination can take it', () => {
    const node = new Node()
    for (const backend of [1, 2, 3]) node.weight(backend, 0)
    expect(node.client(packet(1), 'syn')).toBe(NO_DESTINATION)
    expect(node.table.size).toBe(0)
  })
})

describe('UDP', () => {
  test('is never active, and every datagram keeps its entry for 300 s', () => {
    const node = new Node()
    const query = packet(53, { protocol: UDP })
    expect(node.client(query, 'ack')).toBe(3)
    expect(node.counters(3)).toEqual([0, 1])
    node.pass(299 * SECOND)
    expect(node.server(query, 'ack')).toBe(3)
    node.pass(299 * SECOND)
    expect(node.client(query, 'ack')).toBe(3)
    node.pass(317 * SECOND)
    expect(node.counters(3)).toEqual([0, 0])
    expect(node.client(query, 'ack')).toBe(2)
  })
})

describe('conn_reuse_mode: the client uses the port of a connection in TIME_WAIT again', () => {
  const closed = (sysctls: Partial<IpvsSysctls>): Node => {
    const node = new Node(sysctls)
    node.open(packet(1))
    node.server(packet(1), 'fin')
    node.client(packet(1), 'fin')
    return node
  }

  test('0: the SYN goes to the old destination', () => {
    const node = closed({ connReuseMode: 0 })
    expect(node.client(packet(1), 'syn')).toBe(3)
    expect(node.counters(3)).toEqual([1, 0])
  })

  test.each([1, 2] as const)('%i: it is scheduled afresh, and the old connection ends a tick later', (connReuseMode) => {
    const node = closed({ connReuseMode })
    expect(node.client(packet(1), 'syn')).toBe(2)
    expect(node.counters(3)).toEqual([0, 1])
    node.pass(4 * MILLISECOND)
    expect(node.counters(3)).toEqual([0, 0])
    expect(node.counters(2)).toEqual([1, 0])
    expect(node.client(packet(1), 'ack')).toBe(2)
  })

  test('1, and conntrack has the old flow confirmed: the SYN is dropped once, the next is scheduled', () => {
    const node = closed({})
    expect(node.client(packet(1), 'syn', true)).toBe(DROPPED)
    node.pass(SECOND)
    expect(node.client(packet(1), 'syn')).toBe(2)
  })

  test('1, vs/conntrack off: nothing is dropped', () => {
    const node = closed({ conntrack: false })
    expect(node.client(packet(1), 'syn', true)).toBe(2)
  })

  test('a SYN within an established connection changes nothing', () => {
    const node = new Node()
    node.open(packet(1))
    expect(node.client(packet(1), 'syn')).toBe(3)
    expect(node.counters(3)).toEqual([1, 0])
  })
})

describe('expire_nodest_conn: the destination of an open connection is removed', () => {
  test('false: packets are dropped silently, and the connection goes on when it comes back', () => {
    const node = new Node({ expireNodestConn: false })
    node.open(packet(1))
    node.remove(3)
    expect(node.client(packet(1), 'ack')).toBe(DROPPED)
    node.service.add(3, 80, 1)
    expect(node.client(packet(1), 'ack')).toBe(3)
    expect(node.counters(3)).toEqual([1, 0])
  })

  test('true, vs/conntrack off: the next packet ends it, and the node resets the client', () => {
    const node = new Node({ conntrack: false })
    node.open(packet(1))
    node.remove(3)
    expect(node.client(packet(1), 'ack')).toBe(NOT_SCHEDULED)
    node.pass(4 * MILLISECOND)
    expect(node.table.size).toBe(0)
  })

  test('true, vs/conntrack on as kube-proxy sets it: one packet is dropped, and the next one is reset', () => {
    const node = new Node()
    node.open(packet(1))
    node.remove(3)
    expect(node.client(packet(1), 'ack')).toBe(DROPPED)
    expect(node.client(packet(1), 'ack')).toBe(NOT_SCHEDULED)
  })

  test('true: a UDP flow goes to another destination', () => {
    const node = new Node({ conntrack: false })
    node.client(packet(53, { protocol: UDP }), 'ack')
    node.remove(3)
    expect(node.client(packet(53, { protocol: UDP }), 'ack', true)).toBe(2)
  })

  test('a SYN on a port whose connection is at a quiesced destination: true schedules it afresh, false lets it through', () => {
    for (const [expireNodestConn, backend] of [
      [true, 2],
      [false, 3],
    ] as const) {
      const node = new Node({ expireNodestConn, conntrack: false })
      node.open(packet(1))
      node.weight(3, 0)
      expect(node.client(packet(1), 'syn')).toBe(backend)
    }
  })
})

describe('persistence', () => {
  const minute: Persistence = { timeout: 60 * SECOND, netmask: -1 }

  test('keeps a client at its destination, whatever its port', () => {
    const node = new Node({}, minute)
    expect(node.open(packet(1))).toBe(3)
    expect(node.open(packet(2))).toBe(3)
    expect(node.open(packet(1, { source: 8 }))).toBe(2)
    expect(node.counters(3)).toEqual([2, 0])
  })

  test('takes clients of one network for one client', () => {
    const node = new Node({}, { timeout: 60 * SECOND, netmask: 0xffffff00 | 0 })
    expect(node.open(packet(1, { source: 0x0a000105 }))).toBe(3)
    expect(node.open(packet(1, { source: 0x0a0001fe }))).toBe(3)
    expect(node.open(packet(1, { source: 0x0a000205 }))).toBe(2)
  })

  test('ends with its time-out after the last new connection', () => {
    const node = new Node({}, minute)
    const query = (): number => node.client(packet(53, { protocol: UDP }), 'ack')
    expect(query()).toBe(3)
    node.pass(50 * SECOND)
    expect(query()).toBe(3)
    // The entry of the datagram lives for 300 s and keeps the template; a minute later at most it is gone, too.
    node.pass(380 * SECOND)
    expect(node.table.size).toBe(0)
    expect(query()).toBe(2)
  })

  test('does not end while a connection belongs to it: it gets another minute, again and again', () => {
    const node = new Node({}, minute)
    node.open(packet(1))
    for (let minutes = 0; minutes < 60; minutes += 1) {
      node.pass(60 * SECOND)
      node.client(packet(1), 'ack')
    }
    expect(node.open(packet(2))).toBe(3)
  })

  test.each([
    [true, 2],
    [false, 3],
  ])('at a quiesced destination, expire_quiescent_template %s: the next connection goes to %i', (expireQuiescentTemplate, backend) => {
    const node = new Node({ expireQuiescentTemplate }, minute)
    node.open(packet(1))
    node.weight(3, 0)
    expect(node.open(packet(2))).toBe(backend)
  })

  test('at a removed destination, the next connection is scheduled afresh', () => {
    const node = new Node({}, minute)
    node.open(packet(1))
    node.remove(3)
    expect(node.open(packet(2))).toBe(2)
  })
})

test('agrees with a Map of tuples after any traffic, and forgets everything in the end', () => {
  const step = fc.record({
    port: fc.nat(60),
    source: fc.nat(3),
    udp: fc.boolean(),
    flag: fc.constantFrom<TcpFlag>('syn', 'syn', 'ack', 'fin', 'rst'),
    server: fc.boolean(),
    wait: fc.oneof({ weight: 6, arbitrary: fc.nat(50) }, fc.nat(30_000), fc.nat(1_000_000)),
  })
  // Seconds, by state: see tcp-state.ts.
  const timeouts: Record<TcpState, number> = { 0: 60, 1: 60, 2: 900, 3: 120, 4: 60, 5: 120, 6: 10 }
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), (steps) => {
      // Reuse is off, so that an entry lives from its first packet to its time-out and the model stays obvious.
      const node = new Node({ connReuseMode: 0 })
      const model = new Map<string, { backend: number; state: TcpState; until: number }>()
      for (const { port, source, udp, flag, server, wait } of steps) {
        node.pass(wait * MILLISECOND)
        for (const [key, { until }] of model) if (until <= tickAt(node.now)) model.delete(key)
        const sent = packet(port, { source, protocol: udp ? UDP : TCP })
        const key = `${udp}/${source}:${port}`
        const known = model.get(key)
        const got = server ? node.server(sent, flag) : node.client(sent, flag)
        if (known !== undefined) expect(got).toBe(known.backend)
        else if (server || (!udp && flag !== 'syn')) expect(got).toBe(NOT_SCHEDULED)
        if (got > 0) {
          const before = known?.state ?? NEW
          const state = udp ? NEW : server ? afterServer(before, flag) : afterClient(before, flag)
          model.set(key, { backend: got, state, until: firingTick(node.now, (udp ? 300 : timeouts[state]) * SECOND) })
        }
        for (const backend of [1, 2, 3]) {
          const connections = [...model.values()].filter((connection) => connection.backend === backend)
          const active = connections.filter((connection) => isActive(connection.state)).length
          expect(node.counters(backend)).toEqual([active, connections.length - active])
        }
      }
      node.pass(2000 * SECOND)
      expect(node.table.size).toBe(0)
      for (const backend of [1, 2, 3]) expect(node.counters(backend)).toEqual([0, 0])
    }),
    { numRuns: 60 },
  )
})

test('finds every one of thousands of connections while others come and go', () => {
  const node = new Node()
  const backends = new Map<number, number>()
  const flow = (id: number): Packet => packet(id % 50_000, { source: Math.floor(id / 50_000) })
  for (let id = 0; id < 60_000; id += 1) {
    backends.set(id, node.open(flow(id)))
    // Every third is reset and gone 10 s later, in another order than they came.
    const ended = (id * 7919) % 60_000
    if (id % 3 === 0 && backends.has(ended)) {
      node.client(flow(ended), 'rst')
      backends.delete(ended)
    }
    node.now += MILLISECOND
  }
  node.pass(11 * SECOND)
  expect(node.table.size).toBe(backends.size)
  expect(backends.size).toBeGreaterThan(45_000)
  let found = 0
  for (const [id, backend] of backends) if (node.client(flow(id), 'ack') === backend) found += 1
  expect(found).toBe(backends.size)
})

describe('what a packet must be', () => {
  test('a protocol that IPVS does not forward has no connection', () => {
    expect(() => new Node().client(packet(1, { protocol: 1 }), 'syn')).toThrow('connections are TCP, UDP or SCTP')
  })

  test('a TCP segment has a flag, an SCTP packet a chunk: the other one is an error of ours', () => {
    const node = new Node()
    node.open(packet(1))
    expect(() => node.client(packet(1), 'data')).toThrow('a TCP segment carries a TCP flag')
    const call = packet(2, { protocol: SCTP })
    node.client(call, 'init')
    expect(() => node.server(call, 'fin')).toThrow('an SCTP packet carries an SCTP chunk')
  })

  test('the flag of a UDP packet says nothing: the connection to a drained backend goes on', () => {
    const node = new Node({ expireNodestConn: true })
    expect(node.client(packet(1, { protocol: UDP }), 'syn')).toBe(3)
    node.weight(3, 0)
    expect(node.client(packet(1, { protocol: UDP }), 'syn')).toBe(3)
  })

  test('connections of one client port to many addresses are told apart', () => {
    const node = new Node()
    for (let address = 0; address < 2000; address += 1) node.client({ ...packet(1), destinationAddress: VIP + address }, 'syn')
    expect(node.table.size).toBe(2000)
  })
})

test('a port that is used again after a reset is scheduled afresh, unless conn_reuse_mode is 0', () => {
  const pickAfterReset = (connReuseMode: 0 | 1): number => {
    const node = new Node({ connReuseMode })
    expect(node.open(packet(1))).toBe(3)
    node.client(packet(1), 'rst')
    return node.client(packet(1), 'syn')
  }
  expect(pickAfterReset(1)).toBe(2)
  expect(pickAfterReset(0)).toBe(3)
})

test('a persistent service whose backends are all drained refuses, and keeps no template of it', () => {
  const node = new Node({}, { timeout: 60 * SECOND, netmask: -1 })
  for (const backend of [1, 2, 3]) node.weight(backend, 0)
  expect(node.client(packet(1), 'syn')).toBe(NO_DESTINATION)
  expect(node.table.size).toBe(0)
})

test('with persistence the client uses the port of a connection in TIME_WAIT again: its SYN goes on to the destination of its template', () => {
  const node = new Node({}, { timeout: 600 * SECOND, netmask: -1 })
  const backend = node.open(packet(1))
  node.server(packet(1), 'fin')
  node.client(packet(1), 'fin')
  expect(node.counters(backend)).toEqual([0, 1])
  // Without persistence conntrack's old flow would cost this SYN.
  expect(node.client(packet(1), 'syn', true)).toBe(backend)
  expect(node.counters(backend)).toEqual([1, 0])
})

describe('an SCTP association', () => {
  const call = packet(1, { protocol: SCTP })

  function setUp(node: Node): number {
    const backend = node.client(call, 'init')
    node.server(call, 'init-ack')
    node.client(call, 'cookie-echo')
    node.server(call, 'cookie-ack')
    return backend
  }

  test('is active from COOKIE-ACK to SHUTDOWN, and gone 61 s after its end', () => {
    const node = new Node()
    expect(node.client(call, 'init')).toBe(3)
    node.server(call, 'init-ack')
    node.client(call, 'cookie-echo')
    expect(node.counters(3)).toEqual([0, 1])
    node.server(call, 'cookie-ack')
    expect(node.counters(3)).toEqual([1, 0])
    node.client(call, 'data')
    node.client(call, 'shutdown')
    expect(node.counters(3)).toEqual([0, 1])
    node.server(call, 'shutdown-ack')
    node.client(call, 'shutdown-complete')
    node.pass(61 * SECOND)
    expect(node.table.size).toBe(1)
    node.pass(3 * SECOND)
    expect(node.table.size).toBe(0)
    expect(node.counters(3)).toEqual([0, 0])
  })

  test('that times out while it is established was active until then', () => {
    const node = new Node()
    setUp(node)
    node.pass(900 * SECOND)
    expect(node.counters(3)).toEqual([1, 0])
    node.pass(20 * SECOND)
    expect(node.counters(3)).toEqual([0, 0])
  })

  test.each([
    ['that is never answered waits 4 s after its first INIT', ['client init'], 4],
    ['and 61 s after the second', ['client init', 'client init'], 61],
    ['that the server refuses waits 4 s', ['client init', 'server abort'], 4],
  ] as [string, string[], number][])('%s', (_case, packets, timeout) => {
    const node = new Node()
    for (const sent of packets) {
      const [side, chunk] = sent.split(' ') as ['client' | 'server', SctpChunk]
      node[side](call, chunk)
    }
    expect(node.counters(3)).toEqual([0, 1])
    node.pass(timeout * SECOND)
    expect(node.table.size).toBe(1)
    node.pass(3 * SECOND)
    expect(node.table.size).toBe(0)
  })

  test.each(['data', 'cookie-echo', 'shutdown', 'abort'] as const)('does not begin with %s', (chunk) => {
    const node = new Node()
    expect(node.client(call, chunk)).toBe(NOT_SCHEDULED)
    expect(node.server(call, chunk)).toBe(NOT_SCHEDULED)
    expect(node.table.size).toBe(0)
  })

  test.each([
    [1, true, DROPPED],
    [1, false, 2],
    [0, true, 3],
  ] as const)('whose ports are used again after an ABORT, conn_reuse_mode %i, confirmed %s', (connReuseMode, confirmed, verdict) => {
    const node = new Node({ connReuseMode })
    setUp(node)
    node.client(call, 'abort')
    expect(node.client(call, 'init', confirmed)).toBe(verdict)
  })

  test('is renewed by an INIT where it is CLOSED, and nowhere else', () => {
    for (const chunk of ['data', 'shutdown'] as const) {
      const node = new Node()
      setUp(node)
      node.client(call, chunk)
      expect(node.client(call, 'init')).toBe(3)
    }
  })

  test('moves to another destination when its own is drained and it begins anew', () => {
    const node = new Node({ conntrack: false })
    expect(setUp(node)).toBe(3)
    node.weight(3, 0)
    expect(node.client(call, 'data')).toBe(3)
    expect(node.client(call, 'init')).toBe(2)
  })

  test('shares no entry with a TCP connection of the same addresses and ports', () => {
    const node = new Node()
    expect(setUp(node)).toBe(3)
    expect(node.open(packet(1))).toBe(2)
    expect(node.table.size).toBe(2)
  })
})

test('SCTP agrees with a Map of tuples after any traffic', () => {
  const chunk = fc.constantFrom<SctpChunk>(
    'data',
    'init',
    'init',
    'init-ack',
    'cookie-echo',
    'cookie-ack',
    'shutdown',
    'shutdown-ack',
    'shutdown-complete',
    'error',
    'abort',
  )
  const wait = fc.oneof({ weight: 6, arbitrary: fc.nat(50) }, fc.nat(5000), fc.nat(100_000), fc.nat(1_000_000))
  const step = fc.record({ port: fc.nat(20), chunk, server: fc.boolean(), wait })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      // Reuse is off, so that an entry lives from its first packet to its time-out and the model stays obvious.
      const node = new Node({ connReuseMode: 0 })
      const model = new Map<number, { backend: number; state: SctpState; until: number }>()
      for (const { port, chunk: sent, server, wait: passed } of steps) {
        node.pass(passed * MILLISECOND)
        for (const [key, { until }] of model) if (until <= tickAt(node.now)) model.delete(key)
        const known = model.get(port)
        const association = packet(port, { protocol: SCTP })
        const got = server ? node.server(association, sent) : node.client(association, sent)
        if (known !== undefined) expect(got).toBe(known.backend)
        else if (server || sent !== 'init') expect(got).toBe(NOT_SCHEDULED)
        else expect(got).toBeGreaterThan(0)
        if (got > 0) {
          const before = known?.state ?? SCTP_NONE
          const state = server ? afterServerChunk(before, sent) : afterClientChunk(before, sent)
          model.set(port, { backend: got, state, until: firingTick(node.now, sctpTimeout(state)) })
        }
        for (const backend of [1, 2, 3]) {
          const associations = [...model.values()].filter((association) => association.backend === backend)
          const active = associations.filter((association) => isSctpActive(association.state)).length
          expect(node.counters(backend)).toEqual([active, associations.length - active])
        }
      }
    }),
    { numRuns: 60 },
  )
})
