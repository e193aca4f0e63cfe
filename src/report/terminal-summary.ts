import stringWidth from 'string-width'
import { BLAME_PARTS, type BlamePart } from '../metrics/blame.ts'
import type { TrafficSummary } from '../metrics/summaries.ts'
import type { ThresholdResult, VariantSummary } from '../scenario/run-result.ts'
import { THRESHOLD_METRICS } from '../scenario/threshold-metrics.ts'
import type { Colors } from './colors.ts'
import { formatChange, formatCount, formatMilliseconds, formatPercent, threeDigits } from './format.ts'
import type { SummaryWords } from './language/summary.english.ts'
import { printable } from './printable.ts'
import { isMissing, passed, type RunSummary } from './run-summary.ts'
import { flow, plainTable } from './terminal-layout.ts'

export interface TerminalOptions {
  readonly colors: Colors
  /** Columns of the terminal. */
  readonly width: number
  /** Where the files are, for the last line; null when none were written. */
  readonly folder: string | null
}

/** The result of a run for people: the verdict, the thresholds with the failing ones first, and the variants side by side. */
export function renderSummary(summary: RunSummary, words: SummaryWords, options: TerminalOptions): string {
  const { colors, folder } = options
  const parts = [
    verdict(summary, words, options),
    thresholds(summary, words, options),
    ...tables(summary.variants, words, options),
    notes(summary.variants, words, colors),
  ]
  if (folder !== null) parts.push(words.resultsIn(colors.cyan(printable(folder))))
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function verdict(summary: RunSummary, words: SummaryWords, { colors, width }: TerminalOptions): string {
  const all = summary.variants.flatMap((variant) => variant.thresholds)
  const failed = all.filter((threshold) => !threshold.passed).length
  const ok = passed(summary)
  const missing = summary.variants.flatMap(({ faults }) => faults.filter(isMissing)).length
  const judged = all.length > 0 || missing > 0
  const mark = !judged ? '' : ok ? '✓ ' : '✗ '
  const judgements = [
    ...(all.length === 0 ? [] : [failed === 0 ? words.passed(all.length) : words.failed(failed, all.length)]),
    ...(missing === 0 ? [] : [words.missing(missing)]),
  ]
  const rest = judged ? judgements.join(words.comma) : words.notJudged
  const paint = !judged ? (text: string) => text : ok ? colors.green : colors.red
  const about = words.about(printable(summary.seed), summary.inputHash.slice(0, 'sha256:'.length + 12))
  const fits = stringWidth(`${mark}${summary.scenario}${words.colon}${rest}${words.gap}${about}`) <= width
  return `${paint(`${mark}${colors.bold(summary.scenario)}${words.colon}${rest}`)}${fits ? words.gap : '\n'}${colors.dim(about)}`
}

/** One line a threshold, with the values of the variants below it. */
function thresholds({ variants }: RunSummary, words: SummaryWords, { colors, width }: TerminalOptions): string {
  const byExpression = new Map<string, { variant: string; result: ThresholdResult }[]>()
  for (const { variant, thresholds: results } of variants) {
    for (const result of results) {
      const list = byExpression.get(result.expression)
      if (list === undefined) byExpression.set(result.expression, [{ variant, result }])
      else list.push({ variant, result })
    }
  }
  const entries = [...byExpression].map(([expression, results]) => ({
    expression,
    results,
    ok: results.every(({ result }) => result.passed),
  }))
  const ordered = [...entries.filter((entry) => !entry.ok), ...entries.filter((entry) => entry.ok)]
  return ordered
    .map(({ expression, results, ok }) => {
      const head = ok ? `${colors.green('✓')} ${printable(expression)}` : `${colors.red('✗')} ${colors.bold(printable(expression))}`
      const values = results.map(({ variant, result }) => {
        const name = variants.length === 1 ? '' : `${variant} `
        const plain = `${name}${thresholdValue(result, words)} ${result.passed ? '✓' : '✗'}`
        return result.passed ? plain : colors.red(plain)
      })
      return [head, ...flow(values, width - 4).map((line) => `    ${line}`)].join('\n')
    })
    .join('\n')
}

export function thresholdValue({ metric, value }: ThresholdResult, words: SummaryWords): string {
  if (value === null) return words.nothingMeasured
  switch (THRESHOLD_METRICS.get(metric)?.unit) {
    case 'milliseconds':
      return formatMilliseconds(value)
    case 'fraction':
      return formatPercent(value)
    case 'ratio':
      return threeDigits(value)
    case 'perSecond':
      return `${threeDigits(value)}/s`
    default:
      return formatCount(value)
  }
}

/** One row of the comparison: what it is called, and how each variant's value is found and written. */
export interface Row {
  readonly label: string
  readonly cell: (variant: VariantSummary) => { readonly text: string; readonly value: number | null; readonly bad?: boolean }
  /** The metric that it is the value of, as comparisons and thresholds name it. */
  readonly metric?: { readonly metric: string; readonly traffic?: string }
  /** Whether a change against the first variant is worth a percentage. */
  readonly compared: boolean
}

export interface Section {
  readonly title: string
  readonly rows: readonly Row[]
}

export const NOTHING = '–'

function measured(value: number | null | undefined, format: (value: number) => string) {
  return value === null || value === undefined ? { text: NOTHING, value: null } : { text: format(value), value }
}

export function sections(variants: readonly VariantSummary[], words: SummaryWords): readonly Section[] {
  const traffic = unique(variants.flatMap((variant) => variant.traffic.map((entry) => entry.traffic)))
  const deployments = unique(variants.flatMap((variant) => variant.deployments.map((entry) => `${entry.namespace}/${entry.name}`)))
  const { titles, rows } = words
  const list: Section[] = traffic.map((name) => ({ title: name, rows: trafficRows(name, variants, words) }))
  list.push({ title: titles.propagation, rows: propagationRows() })
  list.push({
    title: titles.kubeProxy,
    rows: [
      { label: rows.mode, compared: false, cell: ({ kubeProxy }) => ({ text: kubeProxy.mode, value: null }) },
      { label: rows.syncs, compared: true, cell: ({ kubeProxy }) => measured(kubeProxy.syncs, formatCount) },
      { label: rows.longestSync, compared: true, cell: ({ kubeProxy }) => measured(kubeProxy.syncMsMax, formatMilliseconds) },
      { label: rows.rulesMax, compared: true, cell: ({ kubeProxy }) => measured(kubeProxy.rulesMax, formatCount) },
    ],
  })
  list.push(...nodeSections(variants, words))
  if (variants.some(({ bootstrap }) => bootstrap !== undefined)) {
    const cell: Row['cell'] = ({ bootstrap }) => {
      const at = bootstrap?.allNodesReadySeconds
      return at === null
        ? { text: words.never, value: null, bad: true }
        : measured(at === undefined ? undefined : at * 1000, formatMilliseconds)
    }
    list.push({ title: titles.bootstrap, rows: [{ label: rows.allNodesReady, compared: true, cell }] })
  }
  if (deployments.length > 0) list.push({ title: titles.deployments, rows: deployments.map((name) => deploymentRow(name, words)) })
  return list
}

/** What of nodes is worth telling: nothing, where no variant dropped a packet at a core and no core was busy. */
function nodeSections(variants: readonly VariantSummary[], words: SummaryWords): readonly Section[] {
  const matters = variants.some(({ nodes }) => nodes.packetsDropped > 0 || (nodes.busiestCore?.share ?? 0) > BUSY)
  if (!matters) return []
  const rows: Row[] = [
    {
      label: words.rows.busiestCore,
      metric: { metric: 'nodes.busiest_core' },
      compared: false,
      cell: ({ nodes }) => measured(nodes.busiestCore?.share ?? 0, formatPercent),
    },
    {
      label: words.rows.packetsDropped,
      metric: { metric: 'nodes.packets_dropped' },
      compared: false,
      cell: ({ nodes }) => ({ ...measured(nodes.packetsDropped, formatCount), bad: nodes.packetsDropped > 0 }),
    },
  ]
  return [{ title: words.titles.nodes, rows }]
}

/** Share of a second from which on a core is busy. */
const BUSY = 0.5

function trafficRows(name: string, variants: readonly VariantSummary[], words: SummaryWords): readonly Row[] {
  const find = (variant: VariantSummary) => variant.traffic.find((entry) => entry.traffic === name)
  const causes = unique(variants.flatMap((variant) => Object.keys(find(variant)?.failedByCause ?? {})))
  const of = (metric: string) => ({ metric, traffic: name })
  const latency = (label: 'p50' | 'p90' | 'p99' | 'max'): Row => ({
    label,
    metric: of(`requests.latency.${label}`),
    compared: true,
    cell: (variant) => measured(find(variant)?.latencyMs[label], formatMilliseconds),
  })
  return [
    { label: words.rows.sent, metric: of('requests.sent'), compared: false, cell: (variant) => measured(find(variant)?.sent, formatCount) },
    { label: words.rows.ok, metric: of('requests.ok'), compared: false, cell: (variant) => measured(find(variant)?.ok, formatCount) },
    {
      label: words.rows.errorRate,
      metric: of('requests.error_rate'),
      compared: false,
      cell: (variant) => {
        const entry = find(variant)
        return {
          ...measured(entry === undefined || entry.sent === 0 ? null : entry.errorRate, formatPercent),
          bad: (entry?.failed ?? 0) > 0,
        }
      },
    },
    ...causes.map(
      (cause): Row => ({
        label: `  ${cause}`,
        compared: false,
        cell: (variant) => measured(find(variant)?.failedByCause[cause] ?? 0, formatCount),
      }),
    ),
    ...(variants.some((variant) => (find(variant)?.stale ?? 0) > 0)
      ? [
          {
            label: `  ${words.rows.stale}`,
            compared: false,
            cell: (variant: VariantSummary) => measured(find(variant)?.stale, formatCount),
          },
        ]
      : []),
    { label: words.rows.inFlight, compared: false, cell: (variant) => measured(find(variant)?.inFlight, formatCount) },
    {
      label: words.rows.requestsPerSecond,
      metric: of('requests.rate'),
      compared: true,
      cell: (variant) => measured(find(variant)?.requestsPerSecond, threeDigits),
    },
    latency('p50'),
    latency('p90'),
    latency('p99'),
    latency('max'),
    ...blameRows(find, variants, words),
  ]
}

/** What the requests at the 99th percentile and beyond spent their time on, as far as it matters in some variant. */
function blameRows(
  find: (variant: VariantSummary) => TrafficSummary | undefined,
  variants: readonly VariantSummary[],
  words: SummaryWords,
): readonly Row[] {
  const slowest = (variant: VariantSummary) => find(variant)?.blameMs.p99 ?? null
  const sum = (variant: VariantSummary) => {
    const parts = slowest(variant)
    return parts === null ? null : BLAME_PARTS.reduce((total, part) => total + parts[part], 0)
  }
  const share = (variant: VariantSummary, part: BlamePart) => {
    const [parts, total] = [slowest(variant), sum(variant)]
    return parts === null || total === null || total === 0 ? null : parts[part] / total
  }
  const shown = BLAME_PARTS.filter((part) => variants.some((variant) => (share(variant, part) ?? 0) >= WORTH_A_ROW))
  if (shown.length === 0) return []
  return [
    { label: words.rows.slowest, compared: true, cell: (variant) => measured(sum(variant), formatMilliseconds) },
    ...shown.map(
      (part): Row => ({
        label: `  ${part}`,
        compared: false,
        cell: (variant) => measured(share(variant, part), formatPercent),
      }),
    ),
  ]
}

/** Share of the time from which a part is told. */
const WORTH_A_ROW = 0.02

function propagationRows(): readonly Row[] {
  return (['p50', 'p99', 'max'] as const).map((label) => ({
    label,
    metric: { metric: `endpoints.propagation.${label}` },
    compared: true,
    cell: ({ propagation }) => measured(propagation[label], formatMilliseconds),
  }))
}

function deploymentRow(fullName: string, words: SummaryWords): Row {
  return {
    label: fullName,
    compared: false,
    cell: ({ deployments }) => {
      const entry = deployments.find((candidate) => `${candidate.namespace}/${candidate.name}` === fullName)
      if (entry === undefined) return { text: NOTHING, value: null }
      const at = entry.availableAtSeconds === null ? null : formatMilliseconds(entry.availableAtSeconds * 1000)
      const text = words.available(entry.available, entry.replicas, at)
      return { text, value: null, bad: entry.available < entry.replicas }
    },
  }
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}

/** The comparison, in as many tables side by side as the width asks for; each variant is compared with the first of all. */
function tables(variants: readonly VariantSummary[], words: SummaryWords, { colors, width }: TerminalOptions): readonly string[] {
  const [first] = variants
  if (first === undefined) return []
  const list = sections(variants, words)
  const labels = list.flatMap(({ title, rows }) => [title, ...rows.map((row) => `  ${row.label}`)])
  const labelWidth = Math.min(Math.max(...labels.map((label) => stringWidth(label))), Math.max(20, Math.floor(width / 2)))
  const columns = variants.map((variant) => {
    const cells = list.flatMap(({ rows }) => rows.map((row) => cellText(row, variant, first)))
    return { variant, width: Math.max(stringWidth(variant.variant), ...cells.map((text) => stringWidth(text))) }
  })
  const groups: (typeof columns)[] = []
  let room = -1
  for (const column of columns) {
    if (column.width + 2 > room || groups.length === 0) {
      groups.push([])
      room = width - labelWidth
    }
    groups.at(-1)!.push(column)
    room -= column.width + 2
  }
  return groups.map((group) =>
    plainTable({
      head: ['', ...group.map(({ variant }) => colors.bold(variant.variant))],
      rows: list.flatMap(({ title, rows }) => [
        [colors.bold(printable(title)), ...group.map(() => '')],
        ...rows.map((row) => [`  ${printable(row.label)}`, ...group.map(({ variant }) => colouredCell(row, variant, first, colors))]),
      ]),
      texts: 1,
      widths: [labelWidth, ...group.map((column) => column.width)],
    }),
  )
}

function cellParts(row: Row, variant: VariantSummary, first: VariantSummary) {
  const cell = row.cell(variant)
  const change = row.compared && variant !== first ? formatChange(row.cell(first).value, cell.value) : null
  return { text: printable(cell.text), change, bad: cell.bad === true }
}

function cellText(row: Row, variant: VariantSummary, first: VariantSummary): string {
  const { text, change } = cellParts(row, variant, first)
  return change === null ? text : `${text} ${change}`
}

function colouredCell(row: Row, variant: VariantSummary, first: VariantSummary, colors: Colors): string {
  const { text, change, bad } = cellParts(row, variant, first)
  return `${bad ? colors.yellow(text) : text}${change === null ? '' : ` ${colors.dim(change)}`}`
}

/** What happened that a table cannot tell: a warm-up that was too short, faults, commands that the API server refused, and requests that waited for it. */
function notes(variants: readonly VariantSummary[], words: SummaryWords, colors: Colors): string {
  const mark = colors.yellow('!')
  const lines = variants.flatMap(({ variant, kubeProxy, faults, refusals, flowControl = [] }) => {
    const name = variants.length === 1 ? '' : `${variant}${words.colon}`
    const { lateFirstSyncs: late } = kubeProxy
    return [
      ...(late === undefined ? [] : [`${mark} ${name}${words.lateFirstSync(late, colors.yellow)}`]),
      ...faults.map((outcome) => faultLine(outcome, name, words, colors)),
      ...refusals.map(({ command, reason }) => `${mark} ${name}${words.refused(printable(command), printable(reason), colors.yellow)}`),
      ...flowControl.map(({ priorityLevel, waited, longestWaitMs, rejected }) => {
        const longest = formatMilliseconds(longestWaitMs)
        return `${mark} ${name}${words.waited(priorityLevel, { waited, rejected, longest }, colors.yellow)}`
      }),
    ]
  })
  return lines.join('\n')
}

function faultLine(outcome: VariantSummary['faults'][number], variant: string, words: SummaryWords, colors: Colors): string {
  const [fault, effect] = [printable(outcome.fault), printable(outcome.effect)]
  if (outcome.tookEffect) return `${colors.green('✓')} ${variant}${fault}${words.colon}${effect}`
  if (!isMissing(outcome)) return `${colors.yellow('!')} ${variant}${words.noEffect(fault, effect, colors.yellow)}`
  return `${colors.red('✗')} ${variant}${words.noEffectFails(fault, effect, colors.red)}`
}
