/**
 * What does a step of a model cost with its dispatch, by the style in which it is written?
 *
 * 1,000 and 10,000 actors count themselves and schedule themselves again an exponential time of mean 1 s later: as handlers, as processes (generators), as
 * closures, and as closures on heap-js. Each style runs in a process of its own, so that none shapes the code of another; three kinds of
 * actors take part, so that a call site sees more than one target, as in a model.
 *
 * Run: `npm run bench -- steps`
 */
import type { Wait } from '../src/engine/process.ts'
import { Simulation } from '../src/engine/simulation.ts'
import { inFreshProcesses, rowsOf, type Sample } from './harness/compare.ts'
import { DRAWS, exponentialDelays, heapEvent, newHeap, SECOND } from './harness/heap-event.ts'
import { hex, type Row, type Size } from './harness/row.ts'

const BASELINE = 'heap-js + closures'
const QUESTION = 'step'

export default async function main(size: Size): Promise<Row[]> {
  const full = size === 'full'
  const rows: Row[] = []
  for (const actors of full ? [1000, 10_000] : [30, 100]) {
    const variants = Object.keys(STYLES).map((style) => `${style}/${actors}`)
    const samples = await inFreshProcesses({ module: import.meta.url, variants, rounds: full ? 5 : 1, size }, one)
    const own = new Map([...samples.get(QUESTION)!].map(([variant, of]) => [variant.split('/')[0]!, of]))
    rows.push(...rowsOf(QUESTION, own, { size: actors, unit: 'ns', baseline: BASELINE }))
  }
  return rows
}

export function one(variant: string, size: Size): Record<string, Sample> {
  const [style, count] = variant.split('/') as [string, string]
  const actors = Number(count)
  const steps = size === 'full' ? 2_000_000 : 3000
  const model = STYLES[style]!(actors)
  model.run(Math.round((steps / 3 / actors) * SECOND))
  const before = process.cpuUsage()
  const done = model.steps
  model.run(Math.round((steps / actors) * SECOND))
  const { user, system } = process.cpuUsage(before)
  return { [QUESTION]: { value: ((user + system) * 1000) / (model.steps - done), checksum: hex(model.checksum) } }
}

interface Model {
  readonly steps: number
  readonly checksum: number
  /** Goes on for so long. */
  run(duration: number): void
}

/** What all styles do at a step, the three kinds each in its own way. */
class Count {
  readonly #delays = exponentialDelays(SECOND)
  checksum = 0
  steps = 0

  walker(actor: number): number {
    this.checksum = (Math.imul(this.checksum, 31) + actor) | 0
    return this.#delays[this.steps++ & (DRAWS - 1)]!
  }

  runner(actor: number): number {
    this.checksum = (Math.imul(this.checksum, 33) + actor) | 0
    return this.#delays[this.steps++ & (DRAWS - 1)]!
  }

  climber(actor: number): number {
    this.checksum = (Math.imul(this.checksum, 35) ^ actor) | 0
    return this.#delays[this.steps++ & (DRAWS - 1)]!
  }
}

function ofSimulation(start: (sim: Simulation, count: Count, actor: number) => void, actors: number): Model {
  const sim = new Simulation({ seed: '0' })
  const count = new Count()
  for (let actor = 0; actor < actors; actor++) start(sim, count, actor)
  return modelOf(count, (duration) => sim.run(sim.now + duration))
}

function modelOf(count: Count, run: (duration: number) => void): Model {
  return {
    get steps() {
      return count.steps
    },
    get checksum() {
      return count.checksum
    },
    run,
  }
}

const STYLES: Readonly<Record<string, (actors: number) => Model>> = {
  handlers(actors) {
    const sim = new Simulation({ seed: '0' })
    const count = new Count()
    const walk = sim.handler((actor) => {
      sim.schedule(count.walker(actor), walk, actor)
    })
    const run = sim.handler((actor) => {
      sim.schedule(count.runner(actor), run, actor)
    })
    const climb = sim.handler((actor) => {
      sim.schedule(count.climber(actor), climb, actor)
    })
    for (let actor = 0; actor < actors; actor++) sim.schedule(0, [walk, run, climb][actor % 3]!, actor)
    return modelOf(count, (duration) => sim.run(sim.now + duration))
  },

  processes(actors) {
    const walk = function* (sim: Simulation, count: Count, actor: number): Generator<Wait, void, unknown> {
      for (;;) yield sim.delay(count.walker(actor))
    }
    const run = function* (sim: Simulation, count: Count, actor: number): Generator<Wait, void, unknown> {
      for (;;) yield sim.delay(count.runner(actor))
    }
    const climb = function* (sim: Simulation, count: Count, actor: number): Generator<Wait, void, unknown> {
      for (;;) yield sim.delay(count.climber(actor))
    }
    return ofSimulation((sim, count, actor) => sim.spawn([walk, run, climb][actor % 3]!(sim, count, actor)), actors)
  },

  closures(actors) {
    return ofSimulation((sim, count, actor) => {
      const walk = () => sim.after(count.walker(actor), walk)
      const run = () => sim.after(count.runner(actor), run)
      const climb = () => sim.after(count.climber(actor), climb)
      sim.after(0, [walk, run, climb][actor % 3]!)
    }, actors)
  },

  [BASELINE](actors) {
    const queue = newHeap()
    const count = new Count()
    let now = 0
    let order = 0
    const after = (delay: number, actor: number, run: () => void) => queue.push(heapEvent(now + delay, order++, actor, run))
    for (let actor = 0; actor < actors; actor++) {
      const walk = () => after(count.walker(actor), actor, walk)
      const run = () => after(count.runner(actor), actor, run)
      const climb = () => after(count.climber(actor), actor, climb)
      after(0, actor, [walk, run, climb][actor % 3]!)
    }
    let end = 0
    return modelOf(count, (duration) => {
      end += duration
      for (let first = queue.peek()!; first.time <= end; first = queue.peek()!) {
        queue.pop()
        now = first.time
        first.run!()
      }
    })
  },
}
