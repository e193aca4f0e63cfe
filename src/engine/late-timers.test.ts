import { expect, test } from 'vitest'
import { LateTimers } from './late-timers.ts'
import { Completion, firstOf, Signal, type Wait } from './process.ts'
import { Simulation } from './simulation.ts'

type Body = Generator<Wait, void, unknown>

function world() {
  const sim = new Simulation({ seed: '1' })
  const machine = new LateTimers(sim)
  const told: string[] = []
  const tell = (what: string): void => {
    told.push(`${what} ${sim.now}`)
  }
  /** It stands still in [from, to). */
  const still = (from: number, to: number): void => {
    sim.after(from, () => machine.stop())
    sim.after(to, () => machine.goOn())
  }
  return { sim, machine, told, tell, still }
}

test('what is due meanwhile happens at the end in its order, and what is due later is not moved', () => {
  const { sim, machine, told, tell, still } = world()
  still(10, 50)
  machine.after(5, () => tell('before'))
  machine.after(30, () => tell('second'))
  machine.after(60, () => tell('later'))
  machine.after(20, () => tell('first'))
  const process = function* (): Body {
    yield machine.delay(25)
    tell('process')
    yield machine.delay(9)
    tell('process again')
  }
  machine.spawn(process())
  sim.run(100)
  expect(told).toEqual(['before 5', 'first 50', 'process 50', 'second 50', 'process again 59', 'later 60'])
})

test('a timer that is late can be cancelled, by what happens before it too', () => {
  const { sim, machine, told, tell, still } = world()
  still(10, 50)
  const late = machine.after(30, () => tell('late'))
  const other = machine.after(35, () => tell('other'))
  machine.after(20, () => {
    expect(machine.cancel(late)).toBe(true)
    expect(machine.cancel(late)).toBe(false)
  })
  sim.after(40, () => expect(machine.cancel(other)).toBe(true))
  sim.run(100)
  expect(told).toEqual([])
})

test('signals, completions and the first of several wake a process when the machine goes on; a process that begins waits too', () => {
  const { sim, machine, told, tell, still } = world()
  still(10, 50)
  const signal = new Signal<string>(machine)
  const completion = new Completion<void>(sim)
  const waits = function* (): Body {
    tell(String(yield signal))
    tell(String(yield firstOf(machine.delay(100), signal)))
  }
  const begins = function* (): Body {
    tell('begins')
    yield firstOf(machine.delay(1000), completion)
    tell('completed')
  }
  machine.spawn(waits())
  sim.after(20, () => {
    signal.fire('fired')
    machine.spawn(begins())
  })
  sim.after(70, () => signal.fire('again'))
  sim.after(80, () => completion.resolve())
  sim.run(200)
  expect(told).toEqual(['fired 50', 'begins 50', '1 70', 'completed 80'])
})

test('what its process does at a server, on the simulation below, goes on; the way back does not', () => {
  const { sim, machine, told, tell, still } = world()
  still(10, 50)
  const server = function* (): Body {
    yield sim.delay(6)
    tell('served')
    yield new Completion<void>(sim).settled ? sim.delay(0) : firstOf(sim.delay(4), new Signal(sim))
    tell('written')
  }
  const client = function* (): Body {
    yield machine.delay(5)
    yield* server()
    yield machine.delay(3)
    tell('answered')
  }
  machine.spawn(client())
  sim.run(100)
  expect(told).toEqual(['served 11', 'written 15', 'answered 50'])
})

test('what comes from elsewhere keeps its place among what is due', () => {
  const { sim, machine, told, tell, still } = world()
  still(10, 50)
  machine.after(20, () => tell('timer'))
  for (const at of [5, 15, 25, 55]) sim.after(at, () => machine.whenRunning(() => tell(`of ${at}`)))
  sim.run(100)
  expect(told).toEqual(['of 5 5', 'of 15 50', 'timer 50', 'of 25 50', 'of 55 55'])
})

test('a machine that stops again amid what was late goes on with the rest then', () => {
  const { sim, machine, told, tell, still } = world()
  still(10, 50)
  machine.after(20, () => {
    tell('stops it')
    machine.stop()
    sim.after(10, () => machine.goOn())
  })
  machine.after(30, () => tell('rest'))
  sim.run(100)
  expect(told).toEqual(['stops it 50', 'rest 60'])
})

test('after a loss of power nothing of it is left; a process that is killed meanwhile runs its finally blocks', () => {
  const { sim, machine, told, tell } = world()
  const cleans = function* (): Body {
    try {
      yield machine.delay(20)
      tell('woken')
    } finally {
      tell('cleaned')
      yield sim.delay(5)
      tell('away')
    }
  }
  const process = machine.spawn(cleans())
  machine.after(25, () => tell('timer'))
  sim.after(10, () => machine.stop())
  sim.after(40, () => {
    process.kill()
    machine.forget()
  })
  sim.run(100)
  expect(told).toEqual(['cleaned 40', 'away 45'])
  expect(process.done).toBe(true)
})

test('while it runs everything happens as on the simulation itself, in the same order', () => {
  const trace = (stand: (sim: Simulation) => Simulation): string[] => {
    const sim = new Simulation({ seed: '7' })
    const on = stand(sim)
    const told: string[] = []
    const dice = on.rng('steps')
    const signal = new Signal<void>(on)
    const body = function* (name: string): Generator<Wait, string, unknown> {
      for (let step = 0; step < 20; step++) {
        const which = dice.below(3)
        if (which === 0) signal.fire()
        else if (which === 1) yield on.delay(dice.below(3))
        else yield firstOf(signal, on.delay(dice.below(5)))
        told.push(`${name} ${on.now}`)
      }
      return name
    }
    const first = on.spawn(body('a'))
    for (const name of ['b', 'c']) on.spawn(body(name))
    on.spawn(
      (function* (): Body {
        told.push(`ended ${String(yield first)}`)
      })(),
    )
    on.after(7, () => told.push('closure'))
    sim.run(1000)
    return told
  }
  const plain = trace((sim) => sim)
  expect(plain).toContain('ended a')
  expect(trace((sim) => new LateTimers(sim))).toEqual(plain)
})
