/**
 * Recorded IPVS connections, replayed: every pick and every counter must come out the same.
 *
 * The traces were recorded from real TCP and UDP connections through `ipvsadm` services (ipvs-traces.json; its header explains the
 * fields). A replay sends what the recording's sockets sent: an `open` is a handshake and one exchange of data, a `close` a FIN
 * of the client answered by the server's, and so on.
 *
 * The recording has no clock but its sleeps and its time-outs. A connection that a SYN has just replaced ends at the next
 * tick of the kernel's timers, and the counters were read before or after that tick: so where the counters differ from the
 * recording, one tick may pass, and then they must agree.
 */
import { isDeepStrictEqual } from 'node:util'
import { ConnectionTable, type IpvsSysctls, NOT_SCHEDULED } from '../../src/proxy/ipvs/connection-table.ts'
import type { Destination } from '../../src/proxy/ipvs/destination-list.ts'
import { TICK } from '../../src/proxy/ipvs/kernel-timer.ts'
import type { Packet } from '../../src/proxy/ipvs/scheduler.ts'
import { isSchedulerName } from '../../src/proxy/ipvs/schedulers/index.ts'
import { DEFAULT_TIMEOUTS } from '../../src/proxy/ipvs/timeouts.ts'
import { VirtualService } from '../../src/proxy/ipvs/virtual-service.ts'
import { TCP, UDP } from '../../src/proxy/protocol.ts'
import { MILLISECOND, type Nanos, SECOND } from '../../src/units.ts'

interface Step {
  op: 'open' | 'close' | 'rst' | 'server-close' | 'send' | 'set-weight' | 'add' | 'remove' | 'sleep' | 'sysctl'
  conn?: string
  src?: string
  sport?: number
  dst?: string
  dport?: number
  backend?: string
  weight?: number
  seconds?: number
  /** What a sysctl step sets: as at the trace's head, or one by name and value. */
  sysctl?: Sysctls
  name?: string
  value?: number
  got?: string | null
  error?: string
  counters: Record<string, [number, number]>
  /** Backends in the kernel's list order, where a step may have changed it. */
  kernelOrder?: string[]
}

export interface Trace {
  id: string
  scheduler: string
  note: string
  service: { proto: 'tcp' | 'udp'; persistent?: number; netmask?: string; schedFlags?: string }
  backends: { id: string; addr: string; port: number; weight: number }[]
  sysctl?: Sysctls
  /** `ipvsadm --set`: TCP, TCP after FIN, UDP, in seconds; 0 leaves the kernel's value. */
  tcpUdpTimeouts?: string
  steps: Step[]
}

/** /proc/sys/net/ipv4/vs. */
interface Sysctls {
  expire_nodest_conn?: number
  expire_quiescent_template?: number
  conn_reuse_mode?: number
}

type Changeable<T> = { -readonly [Key in keyof T]: T[Key] }

/** How long the recording's client waited for an answer to data. */
const ANSWER_TIMEOUT = 1500 * MILLISECOND
/** First retransmission of its TCP, doubled each time. Linux: 200 ms (TCP_RTO_MIN) and a little for the variance of the round trip. */
const RETRANSMISSION = 204 * MILLISECOND

function address(text: string): number {
  return text.split('.').reduce((value, byte) => (value << 8) | Number(byte), 0)
}

interface ClientConnection {
  packet: Packet
  /** Data on the way without an answer: when it is sent again, and the wait after that. */
  unanswered: { next: Nanos; wait: Nanos } | null
}

class Replay {
  readonly #trace: Trace
  readonly #service: VirtualService
  readonly #table: ConnectionTable
  /** The kernel's own defaults, where the trace does not set them. The table reads them at every packet. */
  readonly #sysctls: Changeable<IpvsSysctls> = {
    expireNodestConn: false,
    expireQuiescentTemplate: false,
    connReuseMode: 1,
    conntrack: false,
  }
  readonly #backends = new Map<string, { address: number; port: number }>()
  readonly #connections = new Map<string, ClientConnection>()
  #now = 0

  constructor(trace: Trace) {
    this.#trace = trace
    const { scheduler, service, tcpUdpTimeouts } = trace
    this.#set(trace.sysctl ?? {})
    if (!isSchedulerName(scheduler)) throw new Error(`Not implemented: ${scheduler}`)
    const flags = service.schedFlags?.split(',') ?? []
    this.#service = new VirtualService({
      scheduler,
      flags: { fallback: flags.includes(`${scheduler}-fallback`), port: flags.includes(`${scheduler}-port`) },
      persistence: service.persistent
        ? { timeout: service.persistent * SECOND, netmask: address(service.netmask ?? '255.255.255.255') }
        : null,
    })
    const udp = Number(tcpUdpTimeouts?.split(' ')[2] ?? 0)
    this.#table = new ConnectionTable({
      sysctls: this.#sysctls,
      timeouts: udp > 0 ? { ...DEFAULT_TIMEOUTS, udp: udp * SECOND } : DEFAULT_TIMEOUTS,
    })
    for (const backend of trace.backends) {
      this.#backends.set(backend.id, { address: address(backend.addr), port: backend.port })
      this.#add(backend.id, backend.weight)
    }
  }

  /** One tick of the kernel's timers passes. */
  tick(): void {
    this.#now += TICK
    this.#table.expire(this.#now)
  }

  counters(): Record<string, [number, number]> {
    const list = this.#service.destinations
    const counters: Record<string, [number, number]> = {}
    for (let destination = list.first; destination >= 0; destination = list.next(destination)) {
      counters[this.#name(destination) ?? '?'] = [list.active(destination), list.inactive(destination)]
    }
    return counters
  }

  /** What the model answers to a step: the backend's name, null, or undefined where the step asks nothing. */
  perform(step: Step): string | null | undefined {
    switch (step.op) {
      case 'open':
        return this.#open(step)
      case 'send':
        return this.#send(step.conn ?? '')
      case 'close':
        return this.#end(step.conn ?? '', ['client', 'server'], 'fin')
      case 'server-close':
        return this.#end(step.conn ?? '', ['server', 'client'], 'fin')
      case 'rst':
        return this.#end(step.conn ?? '', ['client'], 'rst')
      case 'set-weight':
        this.#service.setWeight(this.#find(step.backend ?? ''), step.weight ?? 1)
        return undefined
      case 'add':
        this.#add(step.backend ?? '', step.weight ?? 1)
        return undefined
      case 'remove':
        this.#service.remove(this.#find(step.backend ?? ''))
        return undefined
      case 'sleep':
        this.#now += (step.seconds ?? 0) * SECOND
        this.#table.expire(this.#now)
        return undefined
      case 'sysctl':
        this.#set({ ...step.sysctl, ...(step.name === undefined ? {} : { [step.name]: step.value }) })
        return undefined
    }
  }

  #set(sysctls: Sysctls): void {
    for (const [name, value] of Object.entries(sysctls)) {
      if (name === 'expire_nodest_conn') this.#sysctls.expireNodestConn = value !== 0
      else if (name === 'expire_quiescent_template') this.#sysctls.expireQuiescentTemplate = value !== 0
      else if (name === 'conn_reuse_mode' && (value === 0 || value === 1 || value === 2)) this.#sysctls.connReuseMode = value
      else throw new Error(`Cannot set ${name} to ${value}`)
    }
  }

  #open(step: Step): string | null {
    const packet: Packet = {
      protocol: this.#trace.service.proto === 'tcp' ? TCP : UDP,
      sourceAddress: address(step.src ?? ''),
      sourcePort: step.sport ?? 0,
      destinationAddress: address(step.dst ?? ''),
      destinationPort: step.dport ?? 0,
    }
    const destination = this.#table.fromClient(this.#service, packet, 'syn', false, this.#now)
    if (destination < 0) return null
    this.#connections.set(step.conn ?? '', { packet, unanswered: null })
    this.#table.fromServer(packet, 'syn', this.#now)
    if (packet.protocol === TCP) {
      this.#table.fromClient(this.#service, packet, 'ack', true, this.#now)
      this.#table.fromServer(packet, 'ack', this.#now)
    }
    return this.#name(destination)
  }

  /** Sends data and waits for the answer. TCP sends lost data again; new data queues behind it. */
  #send(name: string): string | null {
    const connection = this.#connections.get(name)
    if (connection === undefined) return null
    const deadline = this.#now + ANSWER_TIMEOUT
    connection.unanswered ??= { next: this.#now, wait: RETRANSMISSION }
    while (connection.unanswered.next < deadline) {
      this.#now = Math.max(this.#now, connection.unanswered.next)
      const destination = this.#table.fromClient(this.#service, connection.packet, 'ack', true, this.#now)
      if (destination >= 0) {
        connection.unanswered = null
        this.#table.fromServer(connection.packet, 'ack', this.#now)
        return this.#name(destination)
      }
      if (destination === NOT_SCHEDULED) {
        this.#connections.delete(name)
        return null
      }
      const isTcp = connection.packet.protocol === TCP
      connection.unanswered.next = isTcp ? this.#now + connection.unanswered.wait : Number.POSITIVE_INFINITY
      connection.unanswered.wait *= 2
    }
    if (connection.packet.protocol === UDP) connection.unanswered = null
    this.#now = deadline
    return null
  }

  #end(name: string, order: ('client' | 'server')[], flag: 'fin' | 'rst'): undefined {
    const connection = this.#connections.get(name)
    // UDP sockets close without a packet; a connection that was refused has nothing to close.
    if (connection === undefined || connection.packet.protocol === UDP) return
    for (const side of order) {
      if (side === 'client') {
        if (this.#table.fromClient(this.#service, connection.packet, flag, true, this.#now) < 0) break
      } else this.#table.fromServer(connection.packet, flag, this.#now)
    }
    this.#connections.delete(name)
  }

  #add(id: string, weight: number): void {
    let backend = this.#backends.get(id)
    if (backend === undefined) {
      backend = { address: address(`10.1.0.${id.slice(1)}`), port: 8080 }
      this.#backends.set(id, backend)
    }
    this.#service.add(backend.address, backend.port, weight)
  }

  #find(id: string): Destination {
    const backend = this.#backends.get(id)
    if (backend === undefined) throw new Error(`Unknown backend ${id}`)
    return this.#service.find(backend.address, backend.port)
  }

  #name(destination: Destination): string | null {
    const list = this.#service.destinations
    for (const [id, backend] of this.#backends) {
      if (backend.address === list.address(destination) && backend.port === list.port(destination)) return id
    }
    return null
  }
}

/** Replays a trace up to the first step where the model does something else, and says what; null when there is none. */
export function firstDifference(trace: Trace): string | null {
  const replay = new Replay(trace)
  for (const [index, step] of trace.steps.entries()) {
    // The recording's client could not send anything: its port was taken.
    if (step.error === 'OSError') continue
    const differs = (what: string, got: unknown, recorded: unknown) =>
      `step ${index}, ${step.op} ${step.conn ?? step.backend ?? ''}: ${what}: expected ${JSON.stringify(recorded)}, got ${JSON.stringify(got)}`
    const got = replay.perform(step)
    if ((step.op === 'open' || step.op === 'send') && got !== step.got) return differs('backend', got, step.got)
    if (!isDeepStrictEqual(replay.counters(), step.counters)) replay.tick()
    const counters = replay.counters()
    if (!isDeepStrictEqual(counters, step.counters)) return differs('counters', counters, step.counters)
    const order = Object.keys(counters)
    if (step.kernelOrder && !isDeepStrictEqual(order, step.kernelOrder)) return differs('order', order, step.kernelOrder)
  }
  return null
}
