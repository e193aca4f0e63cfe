/** What comes out of a benchmark: tidy tables, one measured point a row. */
import { invariant } from '../invariant.ts'
import type { Position } from './plan.ts'

export interface LookupRow {
  /** The mode of kube-proxy, or `baseline`. */
  readonly mode: string
  /** What is searched. */
  readonly structure: string
  readonly services: number
  readonly position: Position | 'established'
  /** ns an operation; the median of the samples. So in all tables. */
  readonly ns: number
  /** Rules, slots or objects examined an operation, the mean; null where that is not counted. */
  readonly examined: number | null
  /** Of the answers. */
  readonly checksum: string
}

export interface FirstPacketRow {
  readonly mode: string
  readonly scheduler: string
  readonly services: number
  readonly endpoints: number
  readonly ns: number
  readonly examined: number | null
  readonly checksum: string
}

export interface PickRow {
  readonly mode: string
  readonly scheduler: string
  readonly method: string
  readonly endpoints: number
  readonly ns: number
  readonly examined: number | null
  readonly checksum: string
}

export interface UpdateRow {
  readonly mode: string
  /** null where it plays no part. */
  readonly scheduler: string | null
  readonly change: 'service' | 'endpoint' | 'rewrite'
  /** The number of what changes; the other one is null. */
  readonly services: number | null
  readonly endpoints: number | null
  readonly ns: number
  readonly checksum: string
}

export interface RatioRow {
  readonly question: string
  readonly numerator: string
  readonly denominator: string
  readonly numeratorNs: number
  readonly denominatorNs: number
  /** The median of the turns' own ratios. */
  readonly ratio: number
  /** null for a figure that stands for comparison only. */
  readonly target: Target | null
}

export interface Target {
  readonly kind: 'at most' | 'at least'
  readonly value: number
}

/** What one part, or all of them together, has measured. */
export interface BenchRows {
  readonly lookup: readonly LookupRow[]
  readonly firstPacket: readonly FirstPacketRow[]
  readonly pick: readonly PickRow[]
  readonly update: readonly UpdateRow[]
  readonly ratios: readonly RatioRow[]
}

export const NO_ROWS: BenchRows = { lookup: [], firstPacket: [], pick: [], update: [], ratios: [] }

export function join(parts: readonly BenchRows[]): BenchRows {
  return {
    lookup: parts.flatMap((part) => part.lookup),
    firstPacket: parts.flatMap((part) => part.firstPacket),
    pick: parts.flatMap((part) => part.pick),
    update: parts.flatMap((part) => part.update),
    ratios: parts.flatMap((part) => part.ratios),
  }
}

export function isMet({ ratio, target }: RatioRow): boolean | null {
  if (target === null) return null
  return target.kind === 'at most' ? ratio <= target.value : ratio >= target.value
}

/** All structures that were asked the same questions gave the same answers; anything else is our own bug. */
export function checkAgreement({ lookup, pick }: BenchRows): void {
  const seen = new Map<string, string>()
  const check = (question: string, checksum: string): void => {
    const known = seen.get(question) ?? checksum
    invariant(known === checksum, `all answers to "${question}" are the same`)
    seen.set(question, known)
  }
  for (const row of lookup) if (row.position !== 'established') check(`lookup ${row.services} ${row.position}`, row.checksum)
  for (const row of pick) check(`pick ${row.mode} ${row.scheduler} ${row.endpoints}`, row.checksum)
}
