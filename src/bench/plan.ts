/**
 * What `towtank bench` measures, and how long it takes for each point.
 *
 * Work is split into parts, and each part is measured in a process of its own: a JavaScript engine shapes the code of a structure by
 * what has passed through it before, so that thirteen schedulers in one process would slow each other down.
 */
import { SCHEDULER_NAMES, type SchedulerName } from '../proxy/ipvs/schedulers/index.ts'

export const SERVICE_COUNTS = [1, 10, 100, 1000, 10_000, 50_000] as const
export const ENDPOINT_COUNTS = [1, 10, 100, 1000, 5000] as const

/** Where in the rule list the Service of a packet stands. `uniform`: anywhere, drawn anew for every packet. */
export const POSITIONS = ['first', 'middle', 'last', 'uniform'] as const
export type Position = (typeof POSITIONS)[number]

export type Mode = 'iptables' | 'ipvs' | 'nftables'

/** What a run is asked for. */
export interface BenchPlan {
  /** Draws addresses, packets and the connections that close. The same seed gives the same checksums on every machine. */
  readonly seed: string
  readonly serviceCounts: readonly number[]
  readonly endpointCounts: readonly number[]
  readonly effort: Effort
}

/** Time that goes into each point, ms. */
export interface Effort {
  /** Running before a point is timed. */
  readonly warmUpMs: number
  /** Timed, in samples of 10 µs at least. */
  readonly measureMs: number
  /** Turns in which the two sides of a ratio are measured one after the other. */
  readonly turns: number
  /**
   * For a side of a turn, and for a lookup (in rounds), which want the caches as they are after some time of the same work: half as
   * long again goes before, untimed.
   */
  readonly steadyMs: number
}

export const FULL: Effort = { warmUpMs: 20, measureMs: 80, turns: 21, steadyMs: 100 }
export const QUICK: Effort = { warmUpMs: 1, measureMs: 3, turns: 5, steadyMs: 30 }

export type PickPart = Extract<Part, { kind: 'pick' }>

export type Part =
  /** Finding a packet's Service; with iptables also the two naive ways, to compare with. */
  | { readonly kind: 'lookup'; readonly mode: Mode }
  /** Packets of connections that are there already. */
  | { readonly kind: 'established' }
  /** Picking an endpoint, whole first packets, and changes of endpoints. */
  | { readonly kind: 'pick'; readonly mode: 'iptables' | 'nftables' }
  | { readonly kind: 'pick'; readonly mode: 'ipvs'; readonly scheduler: SchedulerName }
  /** Picking by a scan of the whole list, to compare with. */
  | { readonly kind: 'scan'; readonly scheduler: 'lc' | 'wlc' }
  /** Changes of Services. */
  | { readonly kind: 'update'; readonly mode: Mode }

export const PARTS: ReadonlyMap<string, Part> = new Map<string, Part>([
  ['lookup/iptables', { kind: 'lookup', mode: 'iptables' }],
  ['lookup/ipvs', { kind: 'lookup', mode: 'ipvs' }],
  ['lookup/nftables', { kind: 'lookup', mode: 'nftables' }],
  ['established', { kind: 'established' }],
  ['pick/iptables', { kind: 'pick', mode: 'iptables' }],
  ['pick/nftables', { kind: 'pick', mode: 'nftables' }],
  ...SCHEDULER_NAMES.map((scheduler): [string, Part] => [`pick/ipvs/${scheduler}`, { kind: 'pick', mode: 'ipvs', scheduler }]),
  ['pick/scan/lc', { kind: 'scan', scheduler: 'lc' }],
  ['pick/scan/wlc', { kind: 'scan', scheduler: 'wlc' }],
  ['update/iptables', { kind: 'update', mode: 'iptables' }],
  ['update/ipvs', { kind: 'update', mode: 'ipvs' }],
  ['update/nftables', { kind: 'update', mode: 'nftables' }],
])

/**
 * Operations whose answers go into a checksum, the first ones of a fresh structure. Fewer where each is dear; a function of the size
 * alone, so that all structures of one size answer the same questions.
 */
export function proofOperations(size: number): number {
  return size <= 1000 ? 4096 : size <= 10_000 ? 512 : 256
}
