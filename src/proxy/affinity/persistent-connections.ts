/**
 * The connections of a persistent IPVS virtual service as far as its scheduler and its templates see them, without a table of tuples.
 *
 * A template says where a client's connections go. It lasts `timeout` from the client's last new connection, and longer while a connection of it is
 * still in the table: then it gets another minute, as often as needed, and a minute is from then on what each new connection gives it too. One whose destination is gone serves nobody any more: the client
 * is scheduled afresh. So it is with one that is drained if expire_quiescent_template is 1, as kube-proxy sets it, and not if it is 0, the kernel's default.
 *
 * A connection is known by its template alone; {@link ../ipvs/connection-counters.ts} is its like for services without persistence. A property test holds this to the
 * templates of the connection table.
 *
 * Source: Linux net/netfilter/ipvs/ip_vs_core.c (ip_vs_sched_persist), ip_vs_conn.c (ip_vs_conn_expire, ip_vs_check_template).
 */
import { type Nanos, SECOND } from '../../units.ts'
import { type Destination, NO_DESTINATION } from '../ipvs/destination-list.ts'
import type { Packet } from '../ipvs/scheduler.ts'
import { type ConnectionTimeouts, DEFAULT_TIMEOUTS, type Ending, timeoutOf } from '../ipvs/timeouts.ts'
import { TimerWheel } from '../ipvs/timer-wheel.ts'
import type { VirtualService } from '../ipvs/virtual-service.ts'

/** Source: ip_vs_conn_expire, which writes it over the time-out that the template was made with. */
export const EXTENSION: Nanos = 60 * SECOND

/** A template, and so a connection of it; small integers, used again once nothing refers to them. */
export type Template = number

/** No template: the scheduler refused. */
export const NO_TEMPLATE = -1

interface TemplateRow {
  readonly kind: 'template'
  readonly client: number
  readonly destination: Destination
  connections: number
  /** What a new connection sets its timer to. */
  lifetime: Nanos
}

/** A connection that has ended but is still in the table. */
interface EndedRow {
  readonly kind: 'ended'
  readonly template: Template
  readonly active: boolean
}

export class PersistentConnections {
  readonly #service: VirtualService
  readonly #timeouts: ConnectionTimeouts
  /** Clients that agree in these bits share a template. */
  readonly #netmask: number
  readonly #keepsQuiesced: boolean
  readonly #wheel = new TimerWheel(16)
  #capacity = 16
  readonly #rows: (TemplateRow | EndedRow | null)[] = []
  readonly #free: number[] = []
  /** The template that new connections of a client find. */
  readonly #byClient = new Map<number, Template>()

  /** `keepsQuiesced`: clients stay with a destination of weight 0. Default: they do not. */
  constructor(service: VirtualService, options: { netmask?: number; timeouts?: ConnectionTimeouts; keepsQuiesced?: boolean } = {}) {
    this.#service = service
    this.#netmask = options.netmask ?? -1
    this.#keepsQuiesced = options.keepsQuiesced ?? false
    this.#timeouts = options.timeouts ?? DEFAULT_TIMEOUTS
  }

  /** Templates that some client would find, valid or not. */
  get templates(): number {
    return this.#byClient.size
  }

  /** A SYN: counted active at the destination of the client's template. */
  connect(packet: Packet, timeout: Nanos, now: Nanos): Template {
    this.drain(now)
    const client = packet.sourceAddress & this.#netmask
    let template = this.#byClient.get(client)
    if (template !== undefined && !this.#isValid(template)) {
      // It stays until its timer ends it, but no client finds it again.
      this.#byClient.delete(client)
      template = undefined
    }
    if (template === undefined) {
      const destination = this.#service.pick(packet, now)
      if (destination === NO_DESTINATION) return NO_TEMPLATE
      template = this.#insert({ kind: 'template', client, destination, connections: 0, lifetime: timeout })
      this.#service.destinations.hold(destination)
      this.#byClient.set(client, template)
    }
    const row = this.#template(template)
    this.#wheel.arm(template, now, row.lifetime)
    row.connections++
    this.#service.bind(row.destination, true)
    return template
  }

  destinationOf(template: Template): Destination {
    return this.#template(template).destination
  }

  /** A connection has ended at `now`: how long it still counts follows from how. */
  finish(template: Template, ending: Ending, now: Nanos): void {
    this.drain(now)
    const active = ending === 'syn-received' || ending === 'established'
    if (!active) this.#service.deactivate(this.#template(template).destination)
    this.#wheel.arm(this.#insert({ kind: 'ended', template, active }), now, timeoutOf(this.#timeouts, ending))
  }

  /** A connection, counted active or not, is forgotten at once. */
  expire(template: Template, active = true): void {
    this.#letGo(template, active)
  }

  drain(now: Nanos): void {
    this.#wheel.fire(now, this.#fired)
  }

  readonly #fired = (at: number, firedAt: Nanos): void => {
    const row = this.#rows[at]!
    if (row.kind === 'ended') {
      this.#letGo(row.template, row.active)
    } else if (row.connections > 0) {
      row.lifetime = EXTENSION
      this.#wheel.arm(at, firedAt, EXTENSION)
      return
    } else {
      if (this.#byClient.get(row.client) === at) this.#byClient.delete(row.client)
      this.#service.destinations.unhold(row.destination)
    }
    this.#rows[at] = null
    this.#free.push(at)
  }

  #letGo(template: Template, active: boolean): void {
    const row = this.#template(template)
    row.connections--
    this.#service.unbind(row.destination, active)
  }

  #isValid(template: Template): boolean {
    const { destinations } = this.#service
    const { destination } = this.#template(template)
    return destinations.available(destination) && (this.#keepsQuiesced || destinations.weight(destination) > 0)
  }

  #template(template: Template): TemplateRow {
    return this.#rows[template] as TemplateRow
  }

  #insert(row: TemplateRow | EndedRow): number {
    const free = this.#free.pop()
    if (free !== undefined) {
      this.#rows[free] = row
      return free
    }
    const at = this.#rows.push(row) - 1
    if (at >= this.#capacity) {
      this.#capacity *= 2
      this.#wheel.grow(this.#capacity)
    }
    return at
  }
}
