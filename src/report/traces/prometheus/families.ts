import { invariant } from '../../../invariant.ts'

export type Labels = Readonly<Record<string, string>>

interface Family {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary'
  readonly help: string
}

/**
 * A family of samples in the text format of Prometheus: its help and type, then what it has.
 *
 * Source: Prometheus, Exposition formats (text format 0.0.4); Metric and label naming.
 */
abstract class Samples {
  readonly family: Family
  readonly lines: string[] = []

  constructor(family: Family) {
    invariant(/^[a-z_:][a-z0-9_:]*$/.test(family.name), `"${family.name}" is no name of a metric`)
    this.family = family
  }

  protected put(suffix: string, labels: Labels, value: number): void {
    this.lines.push(`${this.family.name}${suffix}${labelsText(labels)} ${numberText(value)}`)
  }

  text(): string {
    this.finish()
    const { name, help, type } = this.family
    if (this.lines.length === 0) return ''
    return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n${this.lines.join('\n')}\n`
  }

  protected finish(): void {}
}

/** A counter or gauge: what is added for the same labels is summed, what is set replaces. */
export class Numbers extends Samples {
  readonly #values = new Map<string, { readonly labels: Labels; value: number }>()

  add(labels: Labels, value: number): void {
    this.#of(labels).value += value
  }

  set(labels: Labels, value: number): void {
    this.#of(labels).value = value
  }

  #of(labels: Labels): { value: number } {
    const key = labelsText(labels)
    let found = this.#values.get(key)
    if (found === undefined) {
      found = { labels, value: 0 }
      this.#values.set(key, found)
    }
    return found
  }

  protected override finish(): void {
    for (const { labels, value } of this.#values.values()) this.put('', labels, value)
  }
}

/** A histogram of what is counted here, in buckets with the given limits; or of buckets that are known. */
export class Histograms extends Samples {
  readonly #limits: readonly number[]
  readonly #series = new Map<string, { readonly labels: Labels; readonly counts: number[]; sum: number; count: number }>()

  /** `limits`: upper bounds, ascending, without +Inf. */
  constructor(family: Family, limits: readonly number[] = []) {
    super(family)
    this.#limits = limits
  }

  observe(labels: Labels, value: number): void {
    const key = labelsText(labels)
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { labels, counts: this.#limits.map(() => 0), sum: 0, count: 0 }
      this.#series.set(key, series)
    }
    series.sum += value
    series.count++
    for (let limit = this.#limits.length - 1; limit >= 0 && value <= this.#limits[limit]!; limit--) series.counts[limit]!++
  }

  /** A series whose cumulative counts are known. */
  known(labels: Labels, buckets: readonly { readonly limit: number; readonly count: number }[], sum: number, count: number): void {
    for (const bucket of buckets) this.put('_bucket', { ...labels, le: numberText(bucket.limit) }, bucket.count)
    this.put('_bucket', { ...labels, le: '+Inf' }, count)
    this.put('_sum', labels, sum)
    this.put('_count', labels, count)
  }

  protected override finish(): void {
    for (const { labels, counts, sum, count } of this.#series.values())
      this.known(
        labels,
        counts.map((value, at) => ({ limit: this.#limits[at]!, count: value })),
        sum,
        count,
      )
  }
}

/** Quantiles that are known. */
export class Summaries extends Samples {
  known(labels: Labels, quantiles: readonly (readonly [string, number])[], sum: number, count: number): void {
    for (const [quantile, value] of quantiles) this.put('', { ...labels, quantile }, value)
    this.put('_sum', labels, sum)
    this.put('_count', labels, count)
  }
}

function labelsText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function numberText(value: number): string {
  return String(value)
}
