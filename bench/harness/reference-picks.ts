/**
 * Every way to pick a backend as it is written first: a walk over all of them, in the order of the kernel's list, newest first.
 *
 * Sources: Linux net/netfilter/ipvs/ip_vs_*.c; NGINX' upstream round robin; Finagle's PeakEwma.
 */
import { ReseedableStream } from '../../src/engine/random-stream.ts'

/** A new connection, and the end of one; backends are 0..n-1 with weight 1 + (backend mod 4), all connections are active. */
interface Reference {
  open(client: number): number
  close(backend: number): void
}

interface Backend {
  readonly number: number
  readonly weight: number
  active: number
}

/** Newest first, as the kernel's list. */
function listOf(backends: number): Backend[] {
  return Array.from({ length: backends }, (_, index) => backends - 1 - index).map((number) => ({
    number,
    weight: 1 + (number % 4),
    active: 0,
  }))
}

/** Picks from the list, and counts. */
function counting(backends: number, pick: (list: readonly Backend[], client: number) => Backend | null): Reference {
  const list = listOf(backends)
  const byNumber = [...list].reverse()
  return {
    open(client) {
      const picked = pick(list, client)
      if (picked === null) return -1
      picked.active++
      return picked.number
    },
    close: (backend) => {
      byNumber[backend]!.active--
    },
  }
}

/** The first of least cost by weight; what has weight 0 takes no part. */
function least(list: readonly Backend[], cost: (of: Backend) => number, weight = (of: Backend): number => of.weight): Backend | null {
  let best: Backend | null = null
  for (const backend of list) {
    if (weight(backend) === 0) continue
    if (best === null || cost(best) * weight(backend) > cost(backend) * weight(best)) best = backend
  }
  return best
}

const load = ({ active }: Backend): number => active * 256

function isOverloaded({ active, weight }: Backend, list: readonly Backend[]): boolean {
  return active > weight && list.some((other) => other.active * 2 < other.weight)
}

function roundRobin(): (list: readonly Backend[]) => Backend {
  let turn = 0
  return (list) => list[turn++ % list.length]!
}

function weightedRoundRobin(weightMax: number): (list: readonly Backend[]) => Backend {
  // The first backend, of weight 1, set it; those that came later raise the highest bar, not this one.
  let bar = 1
  let place = -1
  return (list) => {
    for (;;) {
      place++
      if (place === list.length) {
        place = 0
        bar = bar === 1 ? weightMax : bar - 1
      }
      if (list[place]!.weight >= bar) return list[place]!
    }
  }
}

function locality(): (list: readonly Backend[]) => Backend | null {
  let cached: Backend | null = null
  return (list) => {
    if (cached === null || isOverloaded(cached, list)) cached = least(list, load)
    return cached
  }
}

function localityWithReplication(): (list: readonly Backend[]) => Backend | null {
  const set: Backend[] = []
  return (list) => {
    const held = least(set, load)
    if (held !== null && !isOverloaded(held, list)) return held
    const best = least(list, load)
    if (best !== null && !set.includes(best)) set.unshift(best)
    return best
  }
}

function slotOf(value: number): number {
  return Math.imul(value, 0x61c88647) >>> 24
}

/** 256 slots, dealt in turns. */
function dealt(list: readonly Backend[], share: (of: Backend) => number): Backend[] {
  const turn = list.flatMap((backend) => Array<Backend>(share(backend)).fill(backend))
  return Array.from({ length: 256 }, (_, slot) => turn[slot % turn.length]!)
}

const MASK = 0xffff_ffff_ffff_ffffn

function rotated(value: bigint, bits: bigint): bigint {
  return ((value << bits) | (value >> (64n - bits))) & MASK
}

/** SipHash-1-3 of a 32-bit number: the low half. */
function sipHash(value: number, key: number): number {
  const k = BigInt(key)
  const word = (4n << 56n) | BigInt(value >>> 0)
  let [v0, v1, v2, v3] = [0x736f6d6570736575n ^ k, 0x646f72616e646f6dn ^ k, 0x6c7967656e657261n ^ k, 0x7465646279746573n ^ k]
  const round = () => {
    v0 = (v0 + v1) & MASK
    v1 = rotated(v1, 13n) ^ v0
    v0 = rotated(v0, 32n)
    v2 = (v2 + v3) & MASK
    v3 = rotated(v3, 16n) ^ v2
    v0 = (v0 + v3) & MASK
    v3 = rotated(v3, 21n) ^ v0
    v2 = (v2 + v1) & MASK
    v1 = rotated(v1, 17n) ^ v2
    v2 = rotated(v2, 32n)
  }
  v3 ^= word
  round()
  v0 ^= word
  v2 ^= 0xffn
  for (let turn = 0; turn < 3; turn++) round()
  return Number((v0 ^ v1 ^ v2 ^ v3) & 0xffff_ffffn)
}

function maglevTable(list: readonly Backend[], size: number): Backend[] {
  const table = Array<Backend | undefined>(size)
  const seats = list.map((backend) => {
    const key = backend.number + 80
    return { backend, entry: sipHash(key, 2654435761) % size, skip: (sipHash(key, 2654446892) % (size - 1)) + 1 }
  })
  let filled = 0
  for (;;) {
    for (const seat of seats) {
      for (let turn = 0; turn < seat.backend.weight; turn++) {
        while (table[seat.entry] !== undefined) seat.entry = (seat.entry + seat.skip) % size
        table[seat.entry] = seat.backend
        filled++
        if (filled === size) return table as Backend[]
      }
    }
  }
}

function powerOfTwos(list: readonly Backend[], below: (n: number) => number): Backend {
  const total = list.reduce((sum, { weight }) => sum + weight, 0)
  const drawn = (): Backend => {
    let left = below(total + 1)
    return list.find(({ weight }) => {
      left -= weight
      return left <= 0
    })!
  }
  const first = drawn()
  const second = drawn()
  return second.weight * load(first) > first.weight * load(second) ? second : first
}

/** Two different ones, in the order in which they were added. */
function twoOf(count: number, below: (n: number) => number): [number, number] {
  if (count === 1) return [0, 0]
  const first = below(count)
  const other = below(count - 1)
  return [first, other < first ? other : other + 1]
}

function smoothWeights(backends: number): () => number {
  const weights = Array.from({ length: backends }, (_, number) => 1 + (number % 4))
  const gathered = weights.map(() => 0)
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  return () => {
    let chosen = 0
    for (let number = 0; number < backends; number++) {
      gathered[number]! += weights[number]!
      if (gathered[number]! > gathered[chosen]!) chosen = number
    }
    gathered[chosen]! -= total
    return chosen
  }
}

function peakEwma(backends: number, below: (n: number) => number): Reference {
  const loads = Array.from({ length: backends }, () => ({ inFlight: 0, latency: 0, at: 0 }))
  let now = 0
  const cost = (number: number): number => {
    const { inFlight, latency, at } = loads[number]!
    if (latency === 0 && inFlight > 0) return 2 ** 50 + inFlight
    return latency * Math.exp((at - now) / 10e9) * (inFlight + 1)
  }
  return {
    open() {
      now += 1000
      const [first, second] = twoOf(backends, below)
      const chosen = cost(second) < cost(first) ? second : first
      loads[chosen]!.inFlight++
      return chosen
    },
    close(backend) {
      const latency = 1_000_000 * (1 + (backend % 7))
      const of = loads[backend]!
      of.inFlight--
      const weight = Math.exp((of.at - now) / 10e9)
      of.latency = latency > of.latency ? latency : of.latency * weight + latency * (1 - weight)
      of.at = now
    },
  }
}

function drawing(): (n: number) => number {
  const draws = new ReseedableStream(5)
  return (n) => draws.below(n)
}

/** By name: a reference with so many backends. */
export const REFERENCES: Readonly<Record<string, (backends: number) => Reference>> = {
  random: (backends) =>
    counting(
      backends,
      (
        (below) => (list) =>
          list[list.length - 1 - below(list.length)]!
      )(drawing()),
    ),
  rr: (backends) => counting(backends, roundRobin()),
  wrr: (backends) => counting(backends, weightedRoundRobin(Math.min(backends, 4))),
  lc: (backends) => counting(backends, (list) => least(list, load, () => 1)),
  wlc: (backends) => counting(backends, (list) => least(list, load)),
  lblc: (backends) => counting(backends, locality()),
  lblcr: (backends) => counting(backends, localityWithReplication()),
  dh: (backends) => {
    const slots = dealt(listOf(backends), () => 1)
    return counting(backends, (list) => list[backends - 1 - slots[slotOf((10 << 24) | 1)]!.number]!)
  },
  sh: (backends) => {
    const slots = dealt(listOf(backends), ({ weight }) => weight)
    return counting(backends, (list, client) => list[backends - 1 - slots[slotOf(client)]!.number]!)
  },
  sed: (backends) => counting(backends, (list) => least(list, ({ active }) => active + 1)),
  nq: (backends) => counting(backends, (list) => list.find(({ active }) => active === 0) ?? least(list, ({ active }) => active + 1)),
  fo: (backends) => counting(backends, (list) => least(list, () => 1)),
  ovf: (backends) =>
    counting(backends, (list) =>
      least(
        list,
        () => 1,
        ({ active, weight }) => (active > weight ? 0 : weight),
      ),
    ),
  mh: (backends) => {
    const table = maglevTable(listOf(backends), 4093)
    return counting(backends, (list, client) => list[backends - 1 - table[sipHash(client, 2654435761) % 4093]!.number]!)
  },
  twos: (backends) =>
    counting(
      backends,
      (
        (below) => (list) =>
          powerOfTwos(list, below)
      )(drawing()),
    ),
  'power-of-two': (backends) => {
    const below = drawing()
    return counting(backends, (list) => {
      const [first, second] = twoOf(backends, below).map((number) => list[backends - 1 - number]!) as [Backend, Backend]
      return second.active < first.active ? second : first
    })
  },
  'peak-ewma': (backends) => peakEwma(backends, drawing()),
  'smooth-wrr': (backends) => {
    const next = smoothWeights(backends)
    return { open: next, close: () => {} }
  },
}
