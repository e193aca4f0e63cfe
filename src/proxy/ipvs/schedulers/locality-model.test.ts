/**
 * lblc and lblcr against slow, obvious models over arrays: any adds, removals, edits, loads and waits give the same picks, and
 * leave the same destinations held.
 *
 * Full checks come each 30th round of 61.44 s; the model knows them as the multiples of 1,843.2 s.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { HOUR, MILLISECOND, type Nanos, SECOND } from '../../../units.ts'
import { TCP } from '../../protocol.ts'
import type { Destination } from '../destination-list.ts'
import { VirtualService } from '../virtual-service.ts'

interface Backend {
  readonly slot: Destination
  weight: number
  active: number
  inactive: number
  configured: boolean
}

interface Cached {
  members: Backend[]
  changed: Nanos
  used: Nanos
}

function load({ active, inactive, weight }: Backend): number {
  return (256 * active + inactive) / weight
}

/** The first of the lowest. */
function least(list: readonly Backend[]): Backend | undefined {
  const usable = list.filter(({ weight, configured }) => weight > 0 && configured)
  return usable.find((backend) => usable.every((other) => load(backend) <= load(other)))
}

/** The first of the highest. */
function most(list: readonly Backend[]): Backend | undefined {
  const usable = list.filter(({ weight }) => weight > 0)
  return usable.find((backend) => usable.every((other) => load(backend) >= load(other)))
}

class Model {
  /** Newest first. */
  list: Backend[] = []
  readonly cache = new Map<number, Cached>()
  readonly #replicates: boolean

  constructor(replicates: boolean) {
    this.#replicates = replicates
  }

  pick(address: number, now: Nanos): Backend | undefined {
    const lastCheck = now - (now % (1843.2 * SECOND))
    for (const [known, { used }] of this.cache) if (used + 24 * HOUR <= lastCheck) this.cache.delete(known)
    const cached = this.cache.get(address)
    if (cached !== undefined) {
      cached.used = now
      const chosen = least(cached.members)
      if (cached.members.length > 1 && now > cached.changed + 24 * HOUR) {
        const dropped = most(cached.members)
        cached.members = cached.members.filter((member) => member !== dropped)
        if (dropped !== undefined) cached.changed = now
      }
      const idle = this.list.some(({ active, weight }) => 2 * active < weight)
      if (chosen !== undefined && !(chosen.active > chosen.weight && idle)) return chosen
    }
    const chosen = least(this.list)
    if (chosen === undefined || cached?.members.includes(chosen)) return chosen
    if (cached === undefined) this.cache.set(address, { members: [chosen], changed: now, used: now })
    else {
      cached.members = this.#replicates ? [chosen, ...cached.members] : [chosen]
      cached.changed = now
    }
    return chosen
  }

  held(backend: Backend): number {
    return [...this.cache.values()].filter(({ members }) => members.includes(backend)).length
  }
}

/** Whole ticks, so that the model may compare in nanoseconds. */
const wait = fc.oneof(
  { weight: 10, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat(10 * 900_000) },
  { weight: 2, arbitrary: fc.integer({ min: 24 * 900_000 - 2, max: 24 * 900_000 + 2 }) },
)
const step = fc.record({
  op: fc.constantFrom('add', 'remove', 'weight', 'weight', 'load', 'load', 'load', 'pick', 'pick', 'pick', 'pick', 'pick'),
  at: fc.nat(1000),
  address: fc.nat(2),
  weight: fc.nat(4),
  active: fc.nat(7),
  inactive: fc.nat(3),
  wait,
})
const start = fc.oneof(fc.nat(5), fc.constantFrom(16, 17, 20))

test.each(['lblc', 'lblcr'] as const)('%s picks and holds what the model does', (scheduler) => {
  fc.assert(
    fc.property(start, fc.array(step, { maxLength: 120, size: 'max' }), (count, steps) => {
      const service = new VirtualService({ scheduler })
      const model = new Model(scheduler === 'lblcr')
      let now: Nanos = 0
      let added = 0
      const add = (weight: number): void => {
        added += 1
        const slot = service.add(added, 80, weight)
        model.list.unshift({ slot, weight, active: 0, inactive: 0, configured: true })
      }
      for (let index = 0; index < count; index += 1) add((index % 3) + 1)
      for (const { op, at, address, weight, active, inactive, wait: ticks } of steps) {
        now += ticks * 4 * MILLISECOND
        const backend = model.list[at % Math.max(1, model.list.length)]
        if (op === 'pick') {
          const packet = { protocol: TCP, sourceAddress: 7, sourcePort: 1, destinationAddress: address, destinationPort: 80 }
          expect(service.pick(packet, now)).toBe(model.pick(address, now)?.slot ?? -1)
          for (const listed of model.list) {
            expect(service.destinations.references(listed.slot)).toBe(model.held(listed) + listed.active + listed.inactive)
          }
        } else if (op === 'add') add(weight)
        else if (backend === undefined) continue
        else if (op === 'weight') {
          service.setWeight(backend.slot, weight)
          backend.weight = weight
        } else if (op === 'load') {
          for (; backend.active > 0; backend.active -= 1) service.unbind(backend.slot, true)
          for (; backend.inactive > 0; backend.inactive -= 1) service.unbind(backend.slot, false)
          for (; backend.active < active; backend.active += 1) service.bind(backend.slot, true)
          for (; backend.inactive < inactive; backend.inactive += 1) service.bind(backend.slot, false)
        } else {
          service.remove(backend.slot)
          backend.configured = false
          model.list = model.list.filter((listed) => listed !== backend)
        }
      }
    }),
    { numRuns: 250 },
  )
})
