import { invariant } from '../invariant.ts'

/** Values below this are counted exactly, one bucket each; above, every doubling is cut into half as many buckets. */
const EXACT = 256
const BUCKETS_PER_DOUBLING = EXACT / 2
/** Doublings from 2^8 up to 2^53, beyond which integers are no longer exact. */
const DOUBLINGS = 45
/** How many buckets there are. */
export const BUCKETS = EXACT + DOUBLINGS * BUCKETS_PER_DOUBLING
const TWO_32 = 4_294_967_296
const BITS_EXACT = 8

/** What one bucket of a histogram counted: values from `from` to `to`, both included, for which quantiles give `middle`. */
export interface Bucket {
  readonly from: number
  readonly to: number
  readonly middle: number
  readonly count: number
}

/**
 * A log-linear histogram of whole numbers >= 0, such as nanoseconds.
 *
 * ```text
 *  0 1 2 … 255 | 256 258 … 510 | 512 516 … 1020 | …    bucket widths 1, 2, 4, …: 128 buckets a doubling
 * ```
 *
 * A bucket is at most 1/128 of its smallest value wide, and answers are bucket middles, so a quantile is off by at most 1/256 (0.4 %) of
 * the true sample. Values below 256, the count, the sum, the smallest and the largest value are exact.
 *
 * 24 kB each; recording allocates nothing. {@link clear} costs only the span of values that was used.
 */
export class Histogram {
  readonly #counts = new Uint32Array(BUCKETS)
  #count = 0
  #sum = 0
  #min = Number.POSITIVE_INFINITY
  #max = -1

  get count(): number {
    return this.#count
  }

  /** The sum of all values. Exact while below 2^53. */
  get sum(): number {
    return this.#sum
  }

  /** The smallest value, or null without values. */
  get min(): number | null {
    return this.#count === 0 ? null : this.#min
  }

  /** The largest value, or null without values. */
  get max(): number | null {
    return this.#count === 0 ? null : this.#max
  }

  get mean(): number | null {
    return this.#count === 0 ? null : this.#sum / this.#count
  }

  /** Counts one value: a whole number from 0 to 2^53 - 1. Gives its bucket. */
  record(value: number): number {
    if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) invariant(false, `Cannot record ${value}`)
    const bucket = bucketOf(value)
    this.#counts[bucket]!++
    this.#count++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    return bucket
  }

  /** How many values are in a bucket or in one after it. */
  countFrom(bucket: number): number {
    if (this.#count === 0) return 0
    const last = bucketOf(this.#max)
    let count = 0
    for (let at = Math.max(bucket, bucketOf(this.#min)); at <= last; at++) count += this.#counts[at]!
    return count
  }

  /**
   * The sample of which at least a share `q` (0 to 1) of all samples is smaller or equal: the one of rank ceil(q * count), at least the
   * first. No interpolation between samples. `quantile(0)` is the smallest value and `quantile(1)` the largest, both exact. Null without values.
   */
  quantile(q: number): number | null {
    invariant(q >= 0 && q <= 1, `A quantile is between 0 and 1, not ${q}`)
    if (this.#count === 0) return null
    if (q === 0) return this.#min
    const rank = rankOf(q, this.#count)
    if (rank >= this.#count) return this.#max
    const counts = this.#counts
    let seen = 0
    let bucket = bucketOf(this.#min)
    for (;;) {
      seen += counts[bucket]!
      if (seen >= rank) return Math.min(Math.max(middleOf(bucket), this.#min), this.#max)
      bucket++
    }
  }

  /** The buckets that have counted something, ascending. Their counts sum to {@link count}. */
  *buckets(): Generator<Bucket> {
    if (this.#count === 0) return
    const last = bucketOf(this.#max)
    for (let bucket = bucketOf(this.#min); bucket <= last; bucket++) {
      const count = this.#counts[bucket]!
      if (count === 0) continue
      const from = lowestOf(bucket)
      const middle = Math.min(Math.max(middleOf(bucket), this.#min), this.#max)
      yield { from: Math.max(from, this.#min), to: Math.min(from + widthOf(bucket) - 1, this.#max), middle, count }
    }
  }

  /** Adds everything that `other` has counted. */
  merge(other: Histogram): void {
    if (other.#count === 0) return
    const counts = this.#counts
    const last = bucketOf(other.#max)
    for (let bucket = bucketOf(other.#min); bucket <= last; bucket++) counts[bucket]! += other.#counts[bucket]!
    this.#count += other.#count
    this.#sum += other.#sum
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
  }

  /** Forgets everything. */
  clear(): void {
    if (this.#count === 0) return
    this.#counts.fill(0, bucketOf(this.#min), bucketOf(this.#max) + 1)
    this.#count = 0
    this.#sum = 0
    this.#min = Number.POSITIVE_INFINITY
    this.#max = -1
  }
}

/** 1-based rank of the quantile; a product that is a whole number but for rounding (0.07 * 100) is taken as that number. */
function rankOf(q: number, count: number): number {
  const exact = q * count
  const nearest = Math.round(exact)
  const rank = Math.abs(exact - nearest) < 1e-9 * count ? nearest : Math.ceil(exact)
  return Math.max(1, rank)
}

/** The bucket that counts a value, 0 to {@link BUCKETS} - 1; it grows with the value. */
export function bucketOf(value: number): number {
  if (value < TWO_32) {
    const low = value >>> 0
    if (low < EXACT) return low
    const shift = 32 - BITS_EXACT - Math.clz32(low)
    return EXACT + (shift - 1) * BUCKETS_PER_DOUBLING + (low >>> shift) - BUCKETS_PER_DOUBLING
  }
  const high = Math.floor(value / TWO_32)
  // The leading 8 bits of the value sit `shift` above its lowest bit; together with the top of the low word they fit 32 bits.
  const shift = 64 - BITS_EXACT - Math.clz32(high)
  const top = Math.floor(value / powerOfTwo(shift))
  return EXACT + (shift - 1) * BUCKETS_PER_DOUBLING + top - BUCKETS_PER_DOUBLING
}

/** The middle of a bucket's values, rounded down. */
function middleOf(bucket: number): number {
  return lowestOf(bucket) + Math.floor((widthOf(bucket) - 1) / 2)
}

/** The smallest value that a bucket counts. */
function lowestOf(bucket: number): number {
  if (bucket < EXACT) return bucket
  return (((bucket - EXACT) % BUCKETS_PER_DOUBLING) + BUCKETS_PER_DOUBLING) * widthOf(bucket)
}

/** How many whole numbers a bucket counts. */
function widthOf(bucket: number): number {
  return bucket < EXACT ? 1 : powerOfTwo(Math.floor((bucket - EXACT) / BUCKETS_PER_DOUBLING) + 1)
}

/** 2^exponent for 0 <= exponent < 62, exactly. */
function powerOfTwo(exponent: number): number {
  return exponent < 31 ? 1 << exponent : (1 << 30) * 2 * (1 << (exponent - 31))
}
