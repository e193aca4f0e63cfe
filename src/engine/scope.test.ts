import { expect, test } from 'vitest'
import { Signal, type Wait } from './process.ts'
import { Scope } from './scope.ts'
import { Simulation } from './simulation.ts'

function* ticker(sim: Simulation, tell: (now: number) => void): Generator<Wait, void, unknown> {
  for (;;) {
    yield sim.delay(10)
    tell(sim.now)
  }
}

test('what runs in a scope has the clock and the random numbers of the simulation', () => {
  const sim = new Simulation({ seed: '1' })
  const scope = new Scope(sim)
  const told: number[] = []
  scope.spawn(ticker(scope, (now) => told.push(now)))
  sim.run(25)
  expect(told).toEqual([10, 20])
  expect(scope.rng('a')).toBe(sim.rng('a'))
})

test('nothing of a scope runs after its end: processes, closures, wake-ups, and what it starts later', () => {
  const sim = new Simulation({ seed: '1' })
  const scope = new Scope(sim)
  const told: string[] = []
  const signal = new Signal<void>(scope)
  const waits = function* (): Generator<Wait, void, unknown> {
    yield signal
    told.push('woken')
  }
  scope.spawn(ticker(scope, () => told.push('tick')))
  scope.spawn(waits())
  scope.after(30, () => told.push('after'))
  sim.after(15, () => {
    signal.fire()
    scope.end()
    scope.spawn(ticker(scope, () => told.push('late')))
  })
  sim.run(100)
  expect(told).toEqual(['tick'])
  expect(sim.pending).toBe(0)
})

test('a process that ends its own scope ends at its next wait', () => {
  const sim = new Simulation({ seed: '1' })
  const scope = new Scope(sim)
  const told: string[] = []
  const suicidal = function* (): Generator<Wait, void, unknown> {
    yield scope.delay(5)
    scope.end()
    told.push('ended')
    yield scope.delay(5)
    told.push('still here')
  }
  scope.spawn(suicidal())
  sim.run(100)
  expect(told).toEqual(['ended'])
})

test('others than its own go on', () => {
  const sim = new Simulation({ seed: '1' })
  const scope = new Scope(sim)
  const told: number[] = []
  sim.spawn(ticker(sim, (now) => told.push(now)))
  sim.after(15, () => scope.end())
  sim.run(30)
  expect(told).toEqual([10, 20, 30])
})
