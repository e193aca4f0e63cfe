/**
 * Schedulers against slow, obvious models over a plain array: any adds, removals, edits and picks give the same answers.
 *
 * The array holds the destinations newest first, as the kernel's list does.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UDP } from '../../protocol.ts'
import type { Packet } from '../scheduler.ts'
import { VirtualService } from '../virtual-service.ts'
import type { SchedulerName } from './index.ts'

interface Backend {
  readonly address: number
  weight: number
  inactive: number
  upper: number
  lower: number
  overloaded: boolean
}

/** What a new connection sees of the weight. */
function open({ weight, overloaded }: Backend): number {
  return overloaded ? 0 : weight
}

function connected(backend: Backend): void {
  backend.inactive += 1
  if (backend.upper > 0 && backend.inactive >= backend.upper) backend.overloaded = true
}

function disconnected(backend: Backend): void {
  backend.inactive -= 1
  if (backend.inactive < (backend.lower || (backend.upper * 3) / 4)) backend.overloaded = false
}

interface Model {
  /** The list after a change; what was removed stood at `index`, or null. */
  changed(list: readonly Backend[], removed: { backend: Backend; index: number } | null): void
  pick(list: readonly Backend[], packet: Packet): Backend | null
}

class RoundRobinModel implements Model {
  #last: Backend | null = null

  changed(list: readonly Backend[], removed: { backend: Backend; index: number } | null): void {
    if (removed?.backend === this.#last) this.#last = list[removed!.index - 1] ?? null
  }

  pick(list: readonly Backend[]): Backend | null {
    const start = this.#last === null ? 0 : list.indexOf(this.#last) + 1
    const round = [...list.slice(start), ...list.slice(0, start)]
    const found = round.find((backend) => open(backend) > 0) ?? null
    if (found !== null) this.#last = found
    return found
  }
}

/** The current weight `cw` of the kernel's wrr goes down from `mw` by the common divisor `di` at each turn. */
class WeightedRoundRobinModel implements Model {
  #position = -1
  #cw = 0
  #mw = 0
  #di = 1

  changed(list: readonly Backend[]): void {
    const weights = list.map(({ weight }) => weight).filter((weight) => weight > 0)
    const max = Math.max(0, ...weights)
    this.#di = 1
    for (let divisor = 1; divisor <= max; divisor += 1) if (weights.every((weight) => weight % divisor === 0)) this.#di = divisor
    this.#mw = max === 0 ? 0 : max - (this.#di - 1)
    this.#position = -1
    if (this.#cw > this.#mw || this.#cw === 0) this.#cw = this.#mw
    else if (this.#di > 1) this.#cw = Math.floor(this.#cw / this.#di) * this.#di + 1
  }

  pick(list: readonly Backend[]): Backend | null {
    if (this.#mw === 0) return null
    if (list.every((backend) => open(backend) === 0)) {
      // Behind the head and at the lowest bar already, it goes round once more and ends where it began; otherwise it ends at the head.
      if (this.#position >= 0 && this.#cw <= this.#di) this.#cw = ((this.#mw - 1) % this.#di) + 1
      else {
        this.#cw = this.#mw
        this.#position = -1
      }
      return null
    }
    for (;;) {
      this.#position += 1
      if (this.#position === list.length) {
        this.#position = -1
        this.#cw -= this.#di
        if (this.#cw <= 0) this.#cw = this.#mw
      } else if (open(list[this.#position]!) >= this.#cw) return list[this.#position]!
    }
  }
}

/** All connections of the test are inactive, so that they are the overhead. The first of equals wins. */
class WeightedLeastConnectionModel implements Model {
  changed(): void {}

  pick(list: readonly Backend[]): Backend | null {
    let best: Backend | null = null
    for (const backend of list) {
      if (open(backend) === 0) continue
      if (best === null || best.inactive * backend.weight > backend.inactive * best.weight) best = backend
    }
    return best
  }
}

/** Top 8 bits of a 32-bit product. */
function slotOf(value: number): number {
  return Number((BigInt(value >>> 0) * 0x61c88647n) & 0xffffffffn) >>> 24
}

function dealt(list: readonly Backend[], share: (backend: Backend) => number): Backend[] {
  const turn = list.flatMap((backend) => Array<Backend>(Math.max(1, share(backend))).fill(backend))
  return turn.length === 0 ? [] : Array.from({ length: 256 }, (_, slot) => turn[slot % turn.length]!)
}

class DestinationHashingModel implements Model {
  changed(): void {}

  pick(list: readonly Backend[], packet: Packet): Backend | null {
    const found = dealt(list, () => 1)[slotOf(packet.destinationAddress)]
    return found !== undefined && open(found) > 0 ? found : null
  }
}

/** With fallback: the trials of home h are the slots 2h, 2h + 1, … modulo 256. */
class SourceHashingModel implements Model {
  changed(): void {}

  pick(list: readonly Backend[], packet: Packet): Backend | null {
    const slots = dealt(list, ({ weight }) => weight)
    const home = slotOf(packet.sourceAddress)
    if (slots[home] === undefined || open(slots[home]) > 0) return slots[home] ?? null
    for (let step = 0; step < 256; step += 1) {
      const other = slots[(step + 2 * home) % 256]!
      if (open(other) > 0) return other
    }
    return null
  }
}

const address = fc.nat(7)
const weight = fc.oneof(fc.nat(12), fc.constantFrom(0, 4, 6, 12))
const step = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), address, weight }),
  fc.record({ kind: fc.constant('remove' as const), address }),
  fc.record({ kind: fc.constant('limit' as const), address, upper: fc.nat(4), lower: fc.nat(3) }),
  fc.record({ kind: fc.constant('end' as const), address }),
  fc.record({ kind: fc.constant('pick' as const), client: fc.nat(1000) }),
  fc.record({ kind: fc.constant('pick' as const), client: fc.nat(1000) }),
)

/** `spread` turns the eight addresses into so many backends, so that a model with many is tried too. */
function agrees(scheduler: SchedulerName, makeModel: () => Model, spread = 1): void {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120, size: 'max' }), (steps) => {
      const service = new VirtualService({ scheduler, flags: { fallback: true, port: false } })
      const model = makeModel()
      const list: Backend[] = []
      for (const step of steps) {
        if (step.kind === 'pick') {
          const packet = {
            protocol: UDP,
            sourceAddress: step.client,
            sourcePort: 1,
            destinationAddress: step.client * 3,
            destinationPort: 80,
          }
          const expected = model.pick(list, packet)
          const picked = service.pick(packet, 0)
          expect(picked < 0 ? null : service.destinations.address(picked)).toBe(expected?.address ?? null)
          if (expected === null) continue
          connected(expected)
          service.bind(picked, false)
          continue
        }
        for (let copy = 0; copy < spread; copy += 1) {
          const address = step.address + 8 * copy
          const index = list.findIndex((backend) => backend.address === address)
          if (step.kind === 'limit' || step.kind === 'end') {
            if (index < 0) continue
            const backend = list[index]!
            const destination = service.find(address, 80)
            if (step.kind === 'limit') {
              const { upper, lower } = step
              if (upper === 0 || upper > backend.upper) backend.overloaded = false
              Object.assign(backend, { upper, lower })
              service.setThresholds(destination, { upper, lower })
              model.changed(list, null)
            } else if (backend.inactive > 0) {
              disconnected(backend)
              service.unbind(destination, false)
            }
            expect(service.destinations.overloaded(destination)).toBe(backend.overloaded)
          } else if (step.kind === 'remove') {
            if (index < 0) continue
            const backend = list[index]!
            // Its connections end first, so that a backend that returns starts from nothing in both.
            const destination = service.find(address, 80)
            while (backend.inactive > 0) {
              disconnected(backend)
              service.unbind(destination, false)
            }
            list.splice(index, 1)
            service.remove(destination)
            model.changed(list, { backend, index })
          } else if (index < 0) {
            list.unshift({ address, weight: step.weight, inactive: 0, upper: 0, lower: 0, overloaded: false })
            service.add(address, 80, step.weight)
            model.changed(list, null)
          } else {
            list[index]!.weight = step.weight
            service.setWeight(service.find(address, 80), step.weight)
            model.changed(list, null)
          }
        }
      }
    }),
    { numRuns: 300 / spread },
  )
}

test('rr goes on from its last pick, and from the one before it when that is removed', () => agrees('rr', () => new RoundRobinModel()))
test('wrr goes down from the greatest weight, and starts at the head after any change', () =>
  agrees('wrr', () => new WeightedRoundRobinModel()))
test('wlc takes the least inactive connections for the weight', () => agrees('wlc', () => new WeightedLeastConnectionModel()))
test('wlc does so among hundreds of backends too', () => agrees('wlc', () => new WeightedLeastConnectionModel(), 30))
test('dh goes by the address asked for, and refuses where its backend is quiesced', () => agrees('dh', () => new DestinationHashingModel()))
test('sh with fallback tries slot after slot from twice its home', () => agrees('sh', () => new SourceHashingModel()))
