// @ts-check
// M/M/1 with the engine alone, twice: customers as processes, and customers as numbers with handlers. Both are the same queue.
import { distribution, MILLISECOND, Resource, SECOND, Simulation, Station } from 'towtank/engine'

const pause = distribution({ kind: 'exponential', mean: 10 * MILLISECOND })
const service = distribution({ kind: 'exponential', mean: 8 * MILLISECOND })
const length = 1000 * SECOND

/** Processes: a customer is a story. */
function withProcesses() {
  const sim = new Simulation({ seed: '1' })
  const teller = new Resource(sim, 1)
  const waits = { sum: 0, count: 0 }

  function* customer() {
    const came = sim.now
    yield teller.request()
    waits.sum += sim.now - came
    waits.count++
    yield sim.delay(service.sample(sim.rng('service')))
    teller.release()
  }

  function* arrivals() {
    for (;;) {
      yield sim.delay(pause.sample(sim.rng('arrivals')))
      sim.spawn(customer())
    }
  }

  sim.spawn(arrivals())
  sim.run(length)
  return { ...waits, events: sim.eventsExecuted }
}

/** Handlers: a customer is a number, an event two integers. Nothing is allocated for an event. */
function withHandlers() {
  const sim = new Simulation({ seed: '1' })
  const waits = { sum: 0, count: 0 }
  /** @type {number[]} */
  const came = []
  const station = new Station(sim, {
    servers: 1,
    queueCapacity: Number.POSITIVE_INFINITY,
    onStart(customer) {
      waits.sum += sim.now - (came[customer] ?? 0)
      waits.count++
      return service.sample(sim.rng('service'))
    },
    onDone() {},
  })
  const arrive = sim.handler(() => {
    station.arrive(came.push(sim.now) - 1)
    sim.schedule(pause.sample(sim.rng('arrivals')), arrive)
  })
  sim.schedule(pause.sample(sim.rng('arrivals')), arrive)
  sim.run(length)
  return { ...waits, events: sim.eventsExecuted }
}

console.log('utilisation 0.8: by theory a customer waits 0.8 / (125/s - 100/s) = 32 ms')
for (const [name, queue] of Object.entries({ processes: withProcesses, handlers: withHandlers })) {
  const { sum, count, events } = queue()
  console.log(`${name}: ${count} customers waited ${(sum / count / MILLISECOND).toFixed(2)} ms on average, in ${events} events`)
}
