/**
 * What does a packet cost where a million connections are live, and what memory does a connection take?
 *
 * A step is a packet of any live connection, or, every fourth, the reset of the oldest one and a new connection in its place. State, timer and counters of
 * the destination are kept, as IPVS does. The baseline is what one writes first: a Map with a number as key, an object a connection; of its time-outs
 * it looks only for those of connections that were reset, in the order in which they were.
 *
 * Run: `npm run bench -- connections`
 */
import { ConnectionTable } from '../src/proxy/ipvs/connection-table.ts'
import { VirtualService } from '../src/proxy/ipvs/virtual-service.ts'
import { mix32 } from '../src/proxy/mix.ts'
import { TCP } from '../src/proxy/protocol.ts'
import { inFreshProcesses, rowsOf, type Sample } from './harness/compare.ts'
import { hex, type Row, type Size } from './harness/row.ts'

const BASELINE = 'Map of objects'
const STEP = 'connection step'
const MEMORY = 'memory a connection'
const BACKENDS = 100
/** The Service's address, any. */
const VIRTUAL = (10 << 24) | (96 << 16) | 10
/** ns between packets: long enough that what was reset times out within a run, short enough that nothing else does. */
const GAP = 100_000
/** ns. */
const CLOSE_TIMEOUT = 10_000_000_000
const ESTABLISHED_TIMEOUT = 900_000_000_000

export default async function main(size: Size): Promise<Row[]> {
  const full = size === 'full'
  const rows: Row[] = []
  for (const live of full ? [1000, 10_000, 100_000, 1_000_000] : [10, 30, 100, 300]) {
    const variants = Object.keys(TABLES).map((name) => `${name}/${live}`)
    const rounds = full ? (live === 1_000_000 ? 5 : 3) : 1
    const samples = await inFreshProcesses({ module: import.meta.url, variants, rounds, size }, one)
    for (const [question, unit] of [
      [STEP, 'ns'],
      [MEMORY, 'bytes'],
    ] as const) {
      const own = new Map([...samples.get(question)!].map(([variant, of]) => [variant.split('/')[0]!, of]))
      rows.push(...rowsOf(question, own, { size: live, unit, baseline: BASELINE }))
    }
  }
  return rows
}

export function one(variant: string, size: Size): Record<string, Sample> {
  const [name, count] = variant.split('/')
  const live = Number(count)
  const steps = size === 'full' ? 2_000_000 : 1000
  globalThis.gc?.()
  const empty = memory()
  const table = TABLES[name!]!(live)
  const flows = new Flows(live)
  for (let place = 0; place < live; place++) {
    table.packet(flows, place, 'syn')
    // At once: a million SYNs take longer than the minute that one without an answer is remembered.
    table.packet(flows, place, 'ack')
  }
  globalThis.gc?.()
  const bytes = (memory() - empty) / live
  run(table, flows, Math.ceil(steps / 5))
  const before = process.cpuUsage()
  const checksum = run(table, flows, steps)
  const { user, system } = process.cpuUsage(before)
  return { [STEP]: { value: ((user + system) * 1000) / steps, checksum: hex(checksum) }, [MEMORY]: { value: bytes, checksum: null } }
}

function memory(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

function run(table: Table, flows: Flows, steps: number): number {
  let checksum = 0
  for (let step = 0; step < steps; step++) {
    if ((step & 3) === 3) {
      const place = flows.oldest
      table.packet(flows, place, 'rst')
      flows.renew()
      table.packet(flows, place, 'syn')
      checksum = (Math.imul(checksum, 31) + table.packet(flows, place, 'ack')) | 0
    } else checksum = (Math.imul(checksum, 31) + table.packet(flows, flows.any(), 'ack')) | 0
  }
  return checksum
}

type Flag = 'syn' | 'ack' | 'rst'

interface Table {
  /** The destination of a packet of the flow in this place. */
  packet(flows: Flows, place: number, flag: Flag): number
}

/** Which flows are live: each place has had so many, one after the other, and is a client address and port. */
class Flows {
  readonly #live: number
  /** Flows that have begun. */
  #begun: number
  #draw = 0
  now = 0

  constructor(live: number) {
    this.#live = live
    this.#begun = live
  }

  get oldest(): number {
    return this.#begun % this.#live
  }

  /** The oldest makes room for a new one. */
  renew(): void {
    this.#begun++
  }

  any(): number {
    return (mix32(this.#draw++) >>> 0) % this.#live
  }

  /** Names the flow that is in this place now. */
  at(place: number): number {
    const round = Math.floor((this.#begun - 1 - place) / this.#live)
    return round * this.#live + place
  }
}

function addressOf(flow: number): number {
  return mix32(flow)
}

function portOf(flow: number): number {
  return 1024 + (flow & 0x3fff)
}

const TABLES: Readonly<Record<string, (live: number) => Table>> = {
  'connection table'(live) {
    const table = new ConnectionTable({ capacity: live })
    const service = new VirtualService({ scheduler: 'rr' })
    for (let backend = 0; backend < BACKENDS; backend++) service.add(backend, 8080, 1)
    const packet = { protocol: TCP, sourceAddress: 0, sourcePort: 0, destinationAddress: VIRTUAL, destinationPort: 80 }
    return {
      packet(flows, place, flag) {
        const flow = flows.at(place)
        packet.sourceAddress = addressOf(flow)
        packet.sourcePort = portOf(flow)
        flows.now += GAP
        return service.destinations.address(table.fromClient(service, packet, flag, flag !== 'syn', flows.now))
      },
    }
  },

  [BASELINE]() {
    const connections = new Map<number, { key: number; backend: number; state: Flag; expires: number; client: number; port: number }>()
    const active = new Map<number, number>()
    const closed: { key: number; expires: number }[] = []
    let firstClosed = 0
    // The newest destination is the head of the kernel's ring.
    let next = BACKENDS
    return {
      packet(flows, place, flag) {
        const flow = flows.at(place)
        const client = addressOf(flow)
        const port = portOf(flow)
        const key = (client >>> 0) * 0x1_0000 + port
        flows.now += GAP
        while (firstClosed < closed.length && closed[firstClosed]!.expires <= flows.now) connections.delete(closed[firstClosed++]!.key)
        let connection = connections.get(key)
        if (connection === undefined) {
          next = next === 0 ? BACKENDS - 1 : next - 1
          connection = { key, backend: next, state: flag, expires: 0, client, port }
          connections.set(key, connection)
          active.set(next, (active.get(next) ?? 0) + 1)
        }
        const { backend } = connection
        connection.state = flag
        connection.expires = flows.now + (flag === 'ack' ? ESTABLISHED_TIMEOUT : CLOSE_TIMEOUT)
        if (flag === 'rst') {
          closed.push(connection)
          active.set(backend, active.get(backend)! - 1)
        }
        return backend
      },
    }
  },
}
