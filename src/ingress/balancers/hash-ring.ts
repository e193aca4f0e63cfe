import { advance, crc32, utf8 } from '../crc32.ts'

/** Points that each server has on the ring, at weight 1. Source: lua-resty-balancer `CONSISTENT_POINTS`. */
export const POINTS_PER_SERVER = 160

/**
 * A ring of hashes on which servers stand at many points: a key belongs to the last point at or before its own hash, one before all points to
 * the first. When a server goes, only its keys move, and to the servers that stand before its points; a new one takes a share from each.
 *
 * The points of a server follow each other: with c = CRC-32 of its name, point i is CRC-32's inverted register after the four bytes of point
 * i - 1, least significant first, from the register c; before the first point stands 0.
 *
 * Source: lua-resty-balancer lib/resty/chash.lua and chash.c (behaviour). Of two servers with the same point the one named first has it, an
 * *assumption*: there it is the order of a table.
 */
export class HashRing {
  readonly #hashes: readonly number[]
  readonly #servers: readonly number[]

  /** By index: what each server is called, such as `10.244.1.2:8080`. */
  constructor(names: readonly string[]) {
    const points = names.flatMap((name, server) => pointsOf(name).map((hash) => ({ hash, server })))
    points.sort((a, b) => a.hash - b.hash || a.server - b.server)
    this.#hashes = points.map(({ hash }) => hash)
    this.#servers = points.map(({ server }) => server)
  }

  /** The index of the key's server; -1 when there is none. */
  find(key: Iterable<number>): number {
    const hash = crc32(key)
    let [low, high] = [0, this.#hashes.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#hashes[middle]! <= hash) low = middle + 1
      else high = middle
    }
    return this.#servers[Math.max(0, low - 1)] ?? -1
  }
}

function pointsOf(name: string): number[] {
  const base = crc32(utf8(name))
  const points: number[] = []
  let last = 0
  for (let n = 0; n < POINTS_PER_SERVER; n++) {
    last = ~advance(base, [last & 0xff, (last >>> 8) & 0xff, (last >>> 16) & 0xff, last >>> 24]) >>> 0
    points.push(last)
  }
  return points
}
