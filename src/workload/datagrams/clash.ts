import { type LinuxVersion, linux } from '../../linux-version.ts'
import { mix32 } from '../../proxy/mix.ts'

/**
 * What a kernel does with the second of two datagrams of one socket that overlap: both are looked up in connection tracking before either has
 * left the node, both find nothing, and each has an entry made for it. The second cannot be inserted, as the first is there with the same numbers.
 *
 * - `drops`: before 4.19 the second is dropped.
 * - `merges`: since then it takes the entry of the first, if its own says the same: that is, if the rules chose the same endpoint. Else it is
 *   dropped.
 * - `inserts`: from 5.6 on an entry that differs lives beside the first for a second. Nothing is dropped.
 *
 * Not modelled: that until 5.0 the second is also dropped when the first has just been inserted as the ports of its own are chosen, and dropped
 * answers, which need the same of the way back.
 *
 * Source: Linux commits ed07d9a021df (4.19) and 6a757c07e51f (5.6); M. Pumputis, Racy conntrack and DNS lookup timeouts, 2018; kubernetes#56903.
 */
export type Clash = 'drops' | 'merges' | 'inserts'

export function clashOf(kernel: LinuxVersion): Clash {
  if (kernel >= linux(5, 6)) return 'inserts'
  return kernel >= linux(4, 19) ? 'merges' : 'drops'
}

/**
 * Share of the pairs of queries, sent at once from one socket, that overlap. *Assumption* of the order that weaveworks/weave#3287 reports, in
 * which one of 50 to 100 requests hung for 5 s. It needs both to be handled by different cores within microseconds.
 */
export const OVERLAPPING = 0.01

/** Whether the two queries of that seed overlap. */
export function isOverlapping(seed: number, share: number): boolean {
  return mix32(seed ^ SALT) >>> 0 < share * TWO_TO_32
}

const SALT = 0x56_903
const TWO_TO_32 = 0x1_0000_0000
