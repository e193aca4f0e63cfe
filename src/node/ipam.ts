import { invariant } from '../invariant.ts'

/** 10.128.0.0/9, the block of pod addresses: node n (0-based) has the n-th /24 of it. Assumption: one /24 a node, as kubeadm and most installers do. */
export const POD_BLOCK = 10 * 256 + 128
/** Nodes for which that is enough. */
export const IN_FIRST_BLOCK = 32_768
/**
 * 240.0.0.0/4, the block of all further nodes. Assumption: no private range is large enough for more, and this is what clusters of that size fall back
 * to. Source: Google Kubernetes Engine, IP address management: "Class E" addresses for pods.
 */
export const FURTHER_POD_BLOCK = 240 * 256
/** Nodes for which both are enough. */
const NODES_MAX = IN_FIRST_BLOCK + 16 * 65_536

/** The /24 of a node. */
export function podCidr(nodeIndex: number): string {
  invariant(nodeIndex < NODES_MAX, 'The blocks of pod addresses are used up')
  return `${prefix(nodeIndex)}.0/24`
}

function prefix(nodeIndex: number): string {
  const block = nodeIndex < IN_FIRST_BLOCK ? POD_BLOCK * 256 + nodeIndex : FURTHER_POD_BLOCK * 256 + nodeIndex - IN_FIRST_BLOCK
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
