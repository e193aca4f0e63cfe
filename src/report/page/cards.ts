import { parseThreshold } from '../../scenario/parse-threshold.ts'
import type { ThresholdResult, VariantSummary } from '../../scenario/run-result.ts'
import { formatChange, formatCount, formatMilliseconds, formatPercent, threeDigits } from '../format.ts'
import { type PageContext, perVariant } from './context.ts'
import { type Html, html, type Piece } from './html.ts'

type Traffic = VariantSummary['traffic'][number]

/** Four numbers of each variant: the worst p99 and error rate of its traffics, the busiest throughput, and propagation. */
export function cards(context: PageContext): Html {
  const { words, result } = context
  const { variants } = result.summary
  return html`<h3>${words.cards.title}</h3>
${perVariant(context, (_name, index) => {
  const variant = variants[index]!
  return html`<div class="cards">
${[latency(context, variant), errors(context, variant), throughput(context, variant), propagation(context, variant)]}</div>
`
})}`
}

interface Card {
  readonly id: string
  readonly title: string
  readonly value: string | null
  readonly lines: readonly Piece[]
}

function card({ words }: PageContext, { id, title, value, lines }: Card): Html {
  return html`<div class="card" data-card="${id}">
<h4>${title}</h4>
<p class="value">${value ?? '–'}</p>
${(value === null ? [words.cards.nothing] : lines).map(
  (line) => html`<p class="note">${line}</p>
`,
)}</div>
`
}

function latency(context: PageContext, variant: VariantSummary): Html {
  const { words } = context
  const worst = most(variant.traffic, ({ latencyMs }) => latencyMs.p99)
  const value = worst?.latencyMs.p99 ?? null
  const lines =
    worst === null
      ? []
      : [
          words.cards.worstOf(worst.traffic, variant.traffic.length),
          against(context, variant, (other) => trafficOf(other, worst)?.latencyMs.p99 ?? null, value),
          judged(context, variant, 'requests.latency.p99', worst.traffic),
        ]
  return card(context, { id: 'p99', title: words.cards.p99, value: value === null ? null : formatMilliseconds(value), lines })
}

function errors(context: PageContext, variant: VariantSummary): Html {
  const { words } = context
  const worst = most(variant.traffic, ({ sent, errorRate }) => (sent === 0 ? null : errorRate))
  const lines =
    worst === null
      ? []
      : [
          words.cards.worstOf(worst.traffic, variant.traffic.length),
          words.cards.failedOf(formatCount(worst.failed), formatCount(worst.ok + worst.failed)),
          judged(context, variant, 'requests.error_rate', worst.traffic),
        ]
  return card(context, { id: 'errors', title: words.cards.errorRate, value: worst === null ? null : formatPercent(worst.errorRate), lines })
}

function throughput(context: PageContext, variant: VariantSummary): Html {
  const { words } = context
  const busiest = most(variant.traffic, ({ sent, requestsPerSecond }) => (sent === 0 ? null : requestsPerSecond))
  const lines =
    busiest === null
      ? []
      : [
          words.cards.busiestOf(busiest.traffic, variant.traffic.length),
          words.cards.answered(formatPercent(busiest.ok / busiest.sent)),
          judged(context, variant, 'requests.rate', busiest.traffic),
        ]
  const value = busiest === null ? null : `${threeDigits(busiest.requestsPerSecond)}/s`
  return card(context, { id: 'throughput', title: words.cards.throughput, value, lines })
}

function propagation(context: PageContext, variant: VariantSummary): Html {
  const { words } = context
  const { count, p99, max } = variant.propagation
  const lines = [
    words.cards.propagationOf(formatCount(count), max === null ? '–' : formatMilliseconds(max)),
    against(context, variant, (other) => other.propagation.p99, p99),
    judged(context, variant, 'endpoints.propagation.p99', null),
  ]
  return card(context, { id: 'propagation', title: words.cards.propagation, value: p99 === null ? null : formatMilliseconds(p99), lines })
}

/** The entry with the largest value, the first of several; null when none has one. */
function most(traffic: readonly Traffic[], value: (entry: Traffic) => number | null): Traffic | null {
  let best: Traffic | null = null
  for (const entry of traffic) {
    const own = value(entry)
    if (own !== null && (best === null || own > value(best)!)) best = entry
  }
  return best
}

function trafficOf(variant: VariantSummary, { traffic }: Traffic): Traffic | undefined {
  return variant.traffic.find((entry) => entry.traffic === traffic)
}

/** The change against the first variant, in the same traffic. */
function against(
  { result, words }: PageContext,
  variant: VariantSummary,
  value: (variant: VariantSummary) => number | null,
  own: number | null,
): Piece {
  const first = result.summary.variants[0]!
  if (variant === first || own === null) return null
  const before = value(first)
  if (before === null || before <= 0) return null
  const change = formatChange(before, own)
  return change === null ? words.cards.same(first.variant) : words.cards.against(change, first.variant)
}

/** The threshold that is about this number, if there is one. */
function judged({ words }: PageContext, variant: VariantSummary, metric: string, traffic: string | null): Piece {
  const about = variant.thresholds.find(
    (threshold) => threshold.metric === metric && (traffic === null || trafficNamed(threshold) === traffic),
  )
  if (about === undefined) return null
  const text = `${about.operator} ${limitText(about)}`
  return html`<span class="${about.passed ? 'good' : 'bad'}">${words.cards.threshold(text)} ${about.passed ? '✓' : '✗'}</span>`
}

function trafficNamed({ expression }: ThresholdResult): string | null {
  const parsed = parseThreshold(expression)
  return parsed.ok ? (parsed.value.labels.traffic ?? null) : null
}

/** The limit as the scenario has it. */
export function limitText({ expression, limit }: ThresholdResult): string {
  return /(?:<=|>=|<|>)\s*([^<>]*)$/.exec(expression)?.[1]?.trim() ?? String(limit)
}
