/**
 * How many customers of a queue with one server (M/M/1, utilisation 0.8) does a CPU-second carry, through the public API?
 *
 * As handlers, as a process a customer, as closures on heap-js, and with simjs, each in a process of its own. All draw the same times in the same
 * order, so that they answer alike: the sum of all times in the system.
 *
 * Run: `npm run bench -- single-server`
 */
import { NamedStream, Resource, Simulation, TIME_MAX } from '../src/engine/index.ts'
import { inFreshProcesses, rowsOf, type Sample } from './harness/compare.ts'
import { heapEvent, newHeap } from './harness/heap-event.ts'
import { hex, type Row, type Size } from './harness/row.ts'

const BASELINE = 'heap-js + closures'
const QUESTION = 'M/M/1'
/** ns. */
const PAUSE = 10_000_000
const SERVICE = 8_000_000

export default async function main(size: Size): Promise<Row[]> {
  const full = size === 'full'
  const variants = Object.keys(MODELS)
  const samples = await inFreshProcesses({ module: import.meta.url, variants, rounds: full ? 5 : 1, size }, one)
  return rowsOf(QUESTION, samples.get(QUESTION)!, { size: customersOf(size), unit: 'ns', baseline: BASELINE })
}

function customersOf(size: Size): number {
  return size === 'full' ? 1_000_000 : 2000
}

export async function one(variant: string, size: Size): Promise<Record<string, Sample>> {
  const customers = customersOf(size)
  const run = await MODELS[variant]!()
  const times = new Times()
  run(Math.ceil(customers / 10), times)
  times.rewind()
  const before = process.cpuUsage()
  const total = run(customers, times)
  const { user, system } = process.cpuUsage(before)
  return { [QUESTION]: { value: ((user + system) * 1000) / customers, checksum: hex(total % 0x1_0000_0000) } }
}

/** The draws, by inversion, whole ns: drawn beforehand, so that drawing is not measured, and used again after so many. */
class Times {
  readonly #pauses = drawn('pauses', PAUSE)
  readonly #services = drawn('services', SERVICE)
  #paused = 0
  #served = 0

  pause(): number {
    return this.#pauses[this.#paused++ & (DRAWS - 1)]!
  }

  service(): number {
    // Another number of them than of pauses, so that pairs do not come again.
    const service = this.#services[this.#served]!
    this.#served = this.#served + 1 === this.#services.length ? 0 : this.#served + 1
    return service
  }

  rewind(): void {
    this.#paused = 0
    this.#served = 0
  }
}

const DRAWS = 1 << 16

function drawn(name: string, mean: number): Float64Array {
  const stream = new NamedStream('1', name)
  const length = name === 'pauses' ? DRAWS : DRAWS - 15
  return Float64Array.from({ length }, () => Math.round(-mean * Math.log(1 - stream.uniform())))
}

/** Serves so many customers; the sum of their times in the system, ns. */
type Model = (customers: number, times: Times) => number

const MODELS: Readonly<Record<string, () => Model | Promise<Model>>> = {
  handlers: () => (customers, times) => {
    const sim = new Simulation({ seed: '1' })
    /** When each customer came, by its number. */
    const came = new Float64Array(customers)
    let arrived = 0
    let served = 0
    let total = 0
    const arrive = sim.handler(() => {
      if (arrived === served) sim.schedule(times.service(), leave)
      came[arrived++] = sim.now
      if (arrived < customers) sim.schedule(times.pause(), arrive)
    })
    const leave = sim.handler(() => {
      total += sim.now - came[served++]!
      if (served < arrived) sim.schedule(times.service(), leave)
    })
    sim.schedule(times.pause(), arrive)
    sim.run(TIME_MAX)
    return total
  },

  processes: () => (customers, times) => {
    const sim = new Simulation({ seed: '1' })
    const server = new Resource(sim, 1)
    let total = 0
    function* customer() {
      const came = sim.now
      yield server.request()
      yield sim.delay(times.service())
      server.release()
      total += sim.now - came
    }
    function* arrivals() {
      for (let count = 0; count < customers; count++) {
        yield sim.delay(times.pause())
        sim.spawn(customer())
      }
    }
    sim.spawn(arrivals())
    sim.run(TIME_MAX)
    return total
  },

  [BASELINE]: () => (customers, times) => {
    const queue = newHeap()
    const came = new Float64Array(customers)
    let now = 0
    let order = 0
    let arrived = 0
    let served = 0
    let total = 0
    const after = (delay: number, run: () => void) => queue.push(heapEvent(now + delay, order++, 0, run))
    const arrive = () => {
      if (arrived === served) after(times.service(), leave)
      came[arrived++] = now
      if (arrived < customers) after(times.pause(), arrive)
    }
    const leave = () => {
      total += now - came[served++]!
      if (served < arrived) after(times.service(), leave)
    }
    after(times.pause(), arrive)
    for (let event = queue.pop(); event !== undefined; event = queue.pop()) {
      now = event.time
      event.run!()
    }
    return total
  },

  simjs: async () => {
    const { Entity, Facility, Sim } = await loadSimjs()
    return (customers, times) => {
      const sim = new Sim()
      const server = new Facility('server')
      let total = 0
      class Arrivals extends Entity {
        #left = customers
        start() {
          this.setTimer(times.pause()).done(() => this.#arrive())
        }
        #arrive() {
          const came = this.time()
          this.useFacility(server, times.service()).done(() => {
            total += this.time() - came
          })
          if (--this.#left > 0) this.start()
        }
      }
      sim.addEntity(Arrivals)
      sim.simulate(Number.MAX_VALUE)
      return total
    }
  },
}

/** What is used of simjs, which has no types and gives itself to a browser's window. */
interface Simjs {
  readonly Sim: new () => { addEntity(of: new (...words: never[]) => unknown): void; simulate(end: number): void }
  readonly Facility: new (name: string) => object
  readonly Entity: new (
    sim: object,
  ) => {
    time(): number
    setTimer(duration: number): { done(run: () => void): void }
    useFacility(facility: object, duration: number): { done(run: () => void): void }
  }
}

async function loadSimjs(): Promise<Simjs> {
  const world = globalThis as { window?: { Sim?: Simjs } }
  world.window ??= {}
  await import('simjs')
  return world.window.Sim!
}
