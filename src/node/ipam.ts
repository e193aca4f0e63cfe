import { invariant } from '../invariant.ts'

/** The block of pod addresses: node n (0-based) has the n-th /24 of it. Assumption: one /24 a node, as kubeadm and most installers do. */
export const POD_BLOCK = 10 * 256 + 128

/** The /24 of a node. Enough for 32,768 nodes. */
export function podCidr(nodeIndex: number): string {
  invariant(nodeIndex < 32_768, 'Pod address block is used up')
  return `${prefix(nodeIndex)}.0/24`
}

function prefix(nodeIndex: number): string {
  const block = POD_BLOCK * 256 + nodeIndex
  return `${Math.floor(block / 65_536)}.${Math.floor(block / 256) % 256}.${block % 256}`
}

/** Hosts .2 to .254 of a /24; .1 is the bridge. */
const FIRST = 2
const LAST = 254

/**
 * Gives pod addresses on one node in turn, so that an address comes back as late as possible.
 *
 * Source: containernetworking/plugins host-local (round robin from the last reserved address).
 */
export class HostLocalIpam {
  readonly #prefix: string
  readonly #used = new Set<number>()
  #last = FIRST - 1

  constructor(nodeIndex: number) {
    this.#prefix = prefix(nodeIndex)
  }

  /** null when all 253 are taken. */
  allocate(): string | null {
    for (let i = 0; i <= LAST - FIRST; i++) {
      this.#last = this.#last === LAST ? FIRST : this.#last + 1
      if (this.#used.has(this.#last)) continue
      this.#used.add(this.#last)
      return `${this.#prefix}.${this.#last}`
    }
    return null
  }

  release(address: string): void {
    this.#used.delete(Number(address.slice(address.lastIndexOf('.') + 1)))
  }

  /** A reboot leaves nothing. */
  reset(): void {
    this.#used.clear()
  }
}
