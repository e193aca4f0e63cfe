import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Simulation, type Timer } from './simulation.ts'
import { Station } from './station.ts'

const SERVERS = 2
const QUEUE = 3
/** Customer n needs 10 n ns. */
const service = (customer: number): number => 10 * customer

/** The slow, obvious station: an object a service, in the order in which they started. */
class Model {
  readonly log: string[] = []
  readonly #sim: Simulation
  #inService: { customer: number; startedAt: number; end: number; timer: Timer }[] = []
  #waiting: number[] = []
  #served = 0

  constructor(sim: Simulation) {
    this.#sim = sim
  }

  arrive(customer: number): boolean {
    if (this.#inService.length < SERVERS) this.#start(customer)
    else if (this.#waiting.length < QUEUE) this.#waiting.push(customer)
    else return false
    return true
  }

  /** `until`: nothing is worked on before that. */
  standStill(until: number): void {
    for (const one of this.#inService) {
      this.#sim.cancel(one.timer)
      one.end += until - this.#sim.now
      one.timer = this.#end(one)
    }
  }

  clear(): void {
    for (const one of this.#inService) {
      this.#sim.cancel(one.timer)
      this.#served += Math.min(this.#sim.now - one.startedAt, service(one.customer))
      this.log.push(`${this.#sim.now} drops ${one.customer}`)
    }
    for (const customer of this.#waiting) this.log.push(`${this.#sim.now} drops ${customer}`)
    this.#inService = []
    this.#waiting = []
  }

  get busyTime(): number {
    return this.#inService.reduce((sum, { startedAt }) => sum + this.#sim.now - startedAt, this.#served)
  }

  #start(customer: number): void {
    const startedAt = this.#sim.now
    this.log.push(`${startedAt} starts ${customer}`)
    const one = { customer, startedAt, end: startedAt + service(customer), timer: 0 }
    this.#inService.push(one)
    one.timer = this.#end(one)
  }

  #end(one: { customer: number; end: number }): Timer {
    return this.#sim.after(one.end - this.#sim.now, () => {
      this.#inService = this.#inService.filter((other) => other !== one)
      this.#served += service(one.customer)
      const next = this.#waiting.shift()
      if (next !== undefined) this.#start(next)
      this.log.push(`${this.#sim.now} done ${one.customer}`)
    })
  }
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('arrive' as const), customer: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('run' as const), time: fc.integer({ min: 0, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('clear' as const) }) },
)

test('serves, drops and counts as an obvious station does', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const [sim, modelSim] = [new Simulation({ seed: '0' }), new Simulation({ seed: '0' })]
      const log: string[] = []
      const station = new Station(sim, {
        servers: SERVERS,
        queueCapacity: QUEUE,
        onStart: (customer) => {
          log.push(`${sim.now} starts ${customer}`)
          return service(customer)
        },
        onDone: (customer) => log.push(`${sim.now} done ${customer}`),
      })
      const model = new Model(modelSim)
      for (const one of steps) {
        if (one.kind === 'arrive') expect(station.arrive(one.customer)).toBe(model.arrive(one.customer))
        else if (one.kind === 'run') {
          sim.run(sim.now + one.time)
          modelSim.run(modelSim.now + one.time)
        } else {
          station.clear((customer) => log.push(`${sim.now} drops ${customer}`))
          model.clear()
        }
        expect(log).toEqual(model.log)
        expect(station.busyTime).toBe(model.busyTime)
      }
    }),
  )
})

test('services that a standstill puts off end in the order of an obvious station', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 5 }), fc.integer({ min: 0, max: 50 }), (customers, at) => {
      const [sim, modelSim] = [new Simulation({ seed: '0' }), new Simulation({ seed: '0' })]
      const log: string[] = []
      const station = new Station(sim, {
        servers: SERVERS,
        queueCapacity: QUEUE,
        onStart: (customer) => {
          log.push(`${sim.now} starts ${customer}`)
          return service(customer)
        },
        onDone: (customer) => log.push(`${sim.now} done ${customer}`),
      })
      const model = new Model(modelSim)
      for (const customer of customers) expect(station.arrive(customer)).toBe(model.arrive(customer))
      sim.run(at)
      modelSim.run(at)
      station.standStill(at + 100)
      model.standStill(at + 100)
      sim.run(1000)
      modelSim.run(1000)
      expect(log).toEqual(model.log)
    }),
  )
})
