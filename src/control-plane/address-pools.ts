import type { RandomStream } from '../engine/random-stream.ts'
import { invariant } from '../invariant.ts'

/** Dotted IPv4 to an unsigned 32-bit integer. */
export function ipv4(dotted: string): number {
  const parts = dotted.split('.')
  invariant(parts.length === 4, `Not an IPv4 address: ${dotted}`)
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0)
}

/** An unsigned 32-bit integer to dotted IPv4. */
export function dotted(address: number): string {
  return `${(address >>> 24) & 255}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}

/**
 * The addresses of a CIDR block from which Services get their ClusterIP: a random free one.
 *
 * The lower part of the block, min(max(16, size/16), 256) addresses, is left to Services that ask for one address by name,
 * as long as the rest is not used up.
 *
 * Source: Kubernetes pkg/registry/core/service/ipallocator (KEP-3070).
 */
export class AddressPool {
  readonly #base: number
  readonly #size: number
  readonly #reserved: number
  readonly #used = new Set<number>()

  constructor(cidr: string) {
    const [network, bits] = cidr.split('/')
    this.#base = ipv4(network!)
    this.#size = 1 << (32 - Number(bits))
    this.#reserved = Math.min(Math.max(16, Math.floor(this.#size / 16)), 256)
  }

  allocate(rng: RandomStream): string {
    const upper = this.#size - 1 - this.#reserved
    const start = rng.below(upper)
    for (let i = 0; i < upper; i++) {
      const offset = this.#reserved + ((start + i) % upper)
      if (this.#take(offset)) return dotted(this.#base + offset)
    }
    for (let offset = 1; offset < this.#reserved; offset++) {
      if (this.#take(offset)) return dotted(this.#base + offset)
    }
    throw new RangeError('The Service address block is used up')
  }

  /** Takes that very address; false when it is taken or outside the block. */
  claim(address: string): boolean {
    const offset = ipv4(address) - this.#base
    return offset > 0 && offset < this.#size - 1 && this.#take(offset)
  }

  release(address: string): void {
    if (address !== '' && address !== 'None') this.#used.delete(ipv4(address) - this.#base)
  }

  #take(offset: number): boolean {
    if (this.#used.has(offset)) return false
    this.#used.add(offset)
    return true
  }
}

/** Node ports: 30000 to 32767 (`--service-node-port-range`), a random free one. */
export class PortPool {
  static readonly FIRST = 30_000
  static readonly LAST = 32_767
  readonly #used = new Set<number>()

  allocate(rng: RandomStream): number {
    const count = PortPool.LAST - PortPool.FIRST + 1
    const start = rng.below(count)
    for (let i = 0; i < count; i++) {
      const port = PortPool.FIRST + ((start + i) % count)
      if (this.claim(port)) return port
    }
    throw new RangeError('The node port range is used up')
  }

  claim(port: number): boolean {
    if (port < PortPool.FIRST || port > PortPool.LAST || this.#used.has(port)) return false
    this.#used.add(port)
    return true
  }

  release(port: number): void {
    this.#used.delete(port)
  }
}
