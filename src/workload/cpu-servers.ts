import type { Simulation } from '../engine/simulation.ts'
import { HOLDS, LEAVES, Station, type StationOptions } from '../engine/station.ts'
import { ContainerCpu, type ContainerCpuOptions } from '../node/container-cpu.ts'
import type { Nanos } from '../units.ts'

export interface CpuServersOptions extends Pick<ContainerCpuOptions, 'cores' | 'quota' | 'period'> {
  readonly station: StationOptions & Required<Pick<StationOptions, 'onStart'>>
  /** A customer is throttled from now on, or goes on. */
  readonly onThrottled: (customer: number, isThrottled: boolean) => void
  /** How long a customer has held its server; not told where the service has parts. */
  readonly onHeld: (time: Nanos) => void
}

/**
 * The servers of a station as threads of a container: of each part of a service some is CPU time, for which they share the container's CPU, and
 * the rest, which comes after it, passes by itself (*assumption*).
 *
 * ```text
 *   server: | CPU ░ throttled ░ CPU | rest | held by calls … | CPU | rest |
 * ```
 */
export class CpuServers {
  readonly station: Station
  readonly cpu: ContainerCpu
  /** Share of CPU time in the service that begins next. To be set in `onStart` of the station. */
  share = 1
  readonly #sim: Simulation
  readonly #options: CpuServersOptions
  /** By server: its customer, since when, its share, and what comes after the CPU time of this part. */
  readonly #customers: number[] = []
  readonly #takenAt: Nanos[] = []
  readonly #shares: number[] = []
  readonly #rests: Nanos[] = []

  constructor(sim: Simulation, options: CpuServersOptions, offset: Nanos) {
    const { cores, quota, period, station, onThrottled } = options
    this.#sim = sim
    this.#options = options
    const onDone = (server: number): void => this.station.resume(server)
    const ofServer = (server: number, isThrottled: boolean): void => onThrottled(this.#customers[server]!, isThrottled)
    this.cpu = new ContainerCpu(sim, { cores, quota, period, onDone, onThrottled: ofServer }, offset)
    this.station = new Station(sim, {
      ...station,
      onStart: (customer, server) => this.#start(customer, server),
      onPart: (customer, server) => this.#next(customer, server),
    })
  }

  #start(customer: number, server: number): Nanos {
    this.#customers[server] = customer
    this.#takenAt[server] = this.#sim.now
    const part = this.#options.station.onStart(customer, server)
    this.#shares[server] = this.share
    return this.#begin(server, part)
  }

  #next(customer: number, server: number): Nanos {
    const { station, onHeld } = this.#options
    const rest = this.#rests[server]!
    if (rest > 0) {
      this.#rests[server] = 0
      return rest
    }
    if (station.onPart === undefined) {
      onHeld(this.#sim.now - this.#takenAt[server]!)
      return LEAVES
    }
    const part = station.onPart(customer, server)
    return part === LEAVES ? LEAVES : this.#begin(server, part)
  }

  #begin(server: number, part: Nanos): Nanos {
    this.#rests[server] = 0
    if (part === HOLDS) return HOLDS
    const work = Math.round(part * this.#shares[server]!)
    if (work === 0) return part
    this.#rests[server] = part - work
    this.cpu.run(server, work)
    return HOLDS
  }
}
