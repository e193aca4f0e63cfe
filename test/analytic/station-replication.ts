import { type DistributionSpec, distribution } from '../../src/engine/distributions.ts'
import { Simulation, TIME_MAX } from '../../src/engine/simulation.ts'
import { Station } from '../../src/engine/station.ts'
import { MILLISECOND, type Nanos } from '../../src/units.ts'

export interface StationCase {
  readonly servers: number
  readonly queueCapacity: number
  /** Customers come with exponential pauses of this mean. */
  readonly pause: Nanos
  readonly service: DistributionSpec
  /** How many come, of whom the first tenth is not counted. */
  readonly customers: number
}

export interface StationMeasures extends Record<string, number> {
  /** Of those served, before service, in ms. */
  wait: number
  /** Of those served, in ms. */
  sojourn: number
  /** Busy servers / servers, over the time from the first counted arrival to the last. */
  utilisation: number
  /** Turned away / came. */
  loss: number
  /** Found all servers busy and waited / came. */
  delayed: number
}

/** One run of a station that is fed by a Poisson process, measured from outside. */
export function replicate(options: StationCase, seed: string): StationMeasures {
  const sim = new Simulation({ seed })
  const arrivals = sim.rng('arrivals')
  const services = sim.rng('services')
  const pause = distribution({ kind: 'exponential', mean: options.pause })
  const service = distribution(options.service)
  const warmUp = Math.floor(options.customers / 10)
  const cameAt = new Float64Array(options.customers)
  let came = 0
  let served = 0
  let lost = 0
  let delayed = 0
  let wait = 0
  let sojourn = 0
  let busyTime = 0
  let busy = 0
  let countedFrom = 0
  let changedAt = 0
  let utilisation = 0

  const account = () => {
    busyTime += busy * (sim.now - changedAt)
    changedAt = sim.now
    busy = station.busy
  }
  const station: Station = new Station(sim, {
    servers: options.servers,
    queueCapacity: options.queueCapacity,
    onStart: (customer) => {
      const waited = sim.now - cameAt[customer]!
      if (customer >= warmUp) {
        wait += waited
        if (waited > 0) delayed++
      }
      return service.sample(services)
    },
    onDone: (customer) => {
      account()
      if (customer < warmUp) return
      served++
      sojourn += sim.now - cameAt[customer]!
    },
  })
  const arrive = sim.handler((customer) => {
    cameAt[customer] = sim.now
    came++
    const accepted = station.arrive(customer)
    account()
    if (customer === warmUp) {
      countedFrom = sim.now
      busyTime = 0
    }
    if (!accepted && customer >= warmUp) lost++
    if (came < options.customers) sim.schedule(pause.sample(arrivals), arrive, customer + 1)
    else utilisation = busyTime / (options.servers * (sim.now - countedFrom))
  })
  sim.schedule(0, arrive, 0)
  sim.run(TIME_MAX)
  const counted = options.customers - warmUp
  return {
    wait: wait / served / MILLISECOND,
    sojourn: sojourn / served / MILLISECOND,
    utilisation,
    loss: lost / counted,
    delayed: delayed / counted,
  }
}
