import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { firstOf, type Process, type Wait } from './process.ts'
import { Resource } from './resource.ts'
import { Simulation } from './simulation.ts'

/** Asks at `arrives`, gives up after `patience`, holds it for `holds`. */
interface Customer {
  readonly arrives: number
  readonly holds: number
  readonly patience: number
  /** When it is killed; none when not given. */
  readonly killedAt?: number
}

type Outcome = { readonly at: number; readonly what: 'served' | 'left' | 'killed' }

function runAll(capacity: number, customers: readonly Customer[]): { outcomes: Outcome[][]; resource: Resource; inUseMax: number } {
  const sim = new Simulation({ seed: '1' })
  const resource = new Resource(sim, capacity)
  const outcomes: Outcome[][] = customers.map(() => [])
  let inUseMax = 0
  function* customer({ arrives, holds, patience }: Customer, index: number): Generator<Wait, void, unknown> {
    yield sim.delay(arrives)
    if ((yield firstOf(resource.request(), sim.delay(patience))) === 1) {
      outcomes[index]!.push({ at: sim.now, what: 'left' })
      return
    }
    try {
      inUseMax = Math.max(inUseMax, resource.inUse)
      outcomes[index]!.push({ at: sim.now, what: 'served' })
      yield sim.delay(holds)
    } finally {
      resource.release()
    }
  }
  const processes: Process<void>[] = customers.map((one, index) => sim.spawn(customer(one, index)))
  for (const [index, { killedAt }] of customers.entries())
    if (killedAt !== undefined)
      sim.after(killedAt, () => {
        if (!processes[index]!.done) outcomes[index]!.push({ at: sim.now, what: 'killed' })
        processes[index]!.kill()
      })
  sim.run(1_000_000)
  return { outcomes, resource, inUseMax }
}

describe('a resource', () => {
  test('serves in the order of asking, as many at once as it has', () => {
    const customer = { arrives: 0, holds: 10, patience: 1000 }
    const { outcomes } = runAll(2, [customer, customer, customer, customer, customer])
    expect(outcomes.map(([first]) => first!.at)).toEqual([0, 0, 10, 10, 20])
  })

  test('who leaves takes nothing along', () => {
    const { outcomes } = runAll(1, [
      { arrives: 0, holds: 10, patience: 100 },
      { arrives: 1, holds: 10, patience: 3 },
      { arrives: 2, holds: 10, patience: 100 },
    ])
    expect(outcomes.map((one) => one[0])).toEqual([
      { at: 0, what: 'served' },
      { at: 4, what: 'left' },
      { at: 10, what: 'served' },
    ])
  })

  test('who is killed between being given it and going on passes it on', () => {
    const sim = new Simulation({ seed: '1' })
    const resource = new Resource(sim, 1)
    const served: string[] = []
    function* customer(name: string): Generator<Wait, void, unknown> {
      yield resource.request()
      served.push(name)
    }
    expect(resource.tryAcquire()).toBe(true)
    const first = sim.spawn(customer('first'))
    sim.spawn(customer('second'))
    sim.after(5, () => {
      resource.release()
      first.kill()
    })
    sim.run(100)
    expect(served).toEqual(['second'])
    expect(resource.inUse).toBe(1)
  })

  test('who is killed while holding it gives back what its body gives back, once', () => {
    const sim = new Simulation({ seed: '1' })
    const resource = new Resource(sim, 2)
    function* customer(): Generator<Wait, void, unknown> {
      yield resource.request()
      try {
        yield sim.delay(10)
      } finally {
        resource.release()
      }
    }
    const killed = sim.spawn(customer())
    sim.spawn(customer())
    sim.run(5)
    expect(resource.inUse).toBe(2)
    killed.kill()
    expect(resource.inUse).toBe(1)
  })

  test('refuses what cannot be', () => {
    const sim = new Simulation({ seed: '1' })
    expect(() => new Resource(sim, 0)).toThrow('capacity')
    expect(() => new Resource(sim, 1.5)).toThrow('capacity')
    const resource = new Resource(sim, 1)
    expect(() => resource.release()).toThrow('nobody holds')
    expect([resource.tryAcquire(), resource.tryAcquire()]).toEqual([true, false])
  })

  /**
   * Whatever is killed or gives up, at whatever moment: never more are held than there are, nobody stays who could be served, and at the end nothing is
   * held. Few values, so that arrivals, ends, patience and kills meet at the same instant.
   */
  test('never loses a unit and never has one too many', () => {
    const small = fc.integer({ min: 0, max: 6 })
    const customer = fc.record(
      { arrives: small, holds: small, patience: small, killedAt: small },
      { requiredKeys: ['arrives', 'holds', 'patience'] },
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.array(customer, { maxLength: 12 }), (capacity, customers) => {
        const { outcomes, resource, inUseMax } = runAll(capacity, customers)
        expect(inUseMax).toBeLessThanOrEqual(capacity)
        expect([resource.inUse, resource.waiting]).toEqual([0, 0])
        for (const one of outcomes) expect(one.length).toBeGreaterThan(0)
      }),
      { numRuns: 500 },
    )
  })
})
