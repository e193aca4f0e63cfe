/**
 * The discrete-event engine on its own: a clock, a future event list, handlers and processes, resources, named random streams. It knows no
 * Kubernetes.
 *
 * A model is a function of its seed: events run in the order of (time, order of scheduling), every draw comes from a stream with a name, and a draw
 * that is added in one part never shifts the numbers of another. Time is an integer number of nanoseconds.
 *
 * A queue with one server, as a process each customer:
 *
 * ```ts
 * import { distribution, MILLISECOND, Resource, SECOND, Simulation } from 'towtank/engine'
 *
 * const sim = new Simulation({ seed: '1' })
 * const teller = new Resource(sim, 1)
 * const pause = distribution({ kind: 'exponential', mean: 10 * MILLISECOND })
 * const service = distribution({ kind: 'exponential', mean: 8 * MILLISECOND })
 *
 * function* customer() {
 *   yield teller.request()
 *   yield sim.delay(service.sample(sim.rng('service')))
 *   teller.release()
 * }
 *
 * function* arrivals() {
 *   for (;;) {
 *     yield sim.delay(pause.sample(sim.rng('arrivals')))
 *     sim.spawn(customer())
 *   }
 * }
 *
 * sim.spawn(arrivals())
 * sim.run(60 * SECOND)
 * ```
 *
 * The same with handlers, which allocate nothing for an event: {@link Simulation.handler}, {@link Simulation.schedule}, and {@link Station} for servers
 * with a queue.
 *
 * @packageDocumentation
 */
export { InvariantError } from '../invariant.ts'
export { HOUR, MICROSECOND, MILLISECOND, MINUTE, milliseconds, NANOSECOND, type Nanos, SECOND, seconds } from '../units.ts'
export { type Distribution, type DistributionSpec, distribution, SAMPLE_MAX } from './distributions.ts'
export { Completion, type Delay, firstOf, type Process, Signal, type Wait, type Waitable } from './process.ts'
export { NamedStream, type RandomStream, ReseedableStream } from './random-stream.ts'
export { Resource } from './resource.ts'
export { type HandlerId, NO_TIMER, Simulation, TIME_MAX, type Timer } from './simulation.ts'
export { HOLDS, LEAVES, Station, type StationOptions } from './station.ts'
export { TokenBucket } from './token-bucket.ts'
