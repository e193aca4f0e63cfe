import Table from 'cli-table3'
import { BLAME_PARTS, type BlamePart } from '../metrics/blame.ts'
import type { TrafficSummary } from '../metrics/summaries.ts'
import type { ThresholdResult, VariantSummary } from '../scenario/run-result.ts'
import { THRESHOLD_METRICS } from '../scenario/threshold-metrics.ts'
import type { Colors } from './colors.ts'
import { formatChange, formatCount, formatMilliseconds, formatPercent, threeDigits } from './format.ts'
import { printable } from './printable.ts'
import { isMissing, passed, type RunSummary } from './run-summary.ts'

export interface TerminalOptions {
  readonly colors: Colors
  /** Columns of the terminal. */
  readonly width: number
  /** Where the files are, for the last line; null when none were written. */
  readonly folder: string | null
}

/** The result of a run for people: the verdict, the thresholds with the failing ones first, and the variants side by side. */
export function renderSummary(summary: RunSummary, options: TerminalOptions): string {
  const { colors, folder } = options
  const parts = [
    verdict(summary, options),
    thresholds(summary, options),
    ...tables(summary.variants, options),
    notes(summary.variants, colors),
  ]
  if (folder !== null) parts.push(`Results in ${colors.cyan(printable(folder))}`)
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function verdict(summary: RunSummary, { colors, width }: TerminalOptions): string {
  const all = summary.variants.flatMap((variant) => variant.thresholds)
  const failed = all.filter((threshold) => !threshold.passed).length
  const ok = passed(summary)
  const missing = summary.variants.flatMap(({ faults }) => faults.filter(isMissing)).length
  const judged = all.length > 0 || missing > 0
  const mark = !judged ? '' : ok ? '✓ ' : '✗ '
  const judgements = [
    ...(all.length === 0
      ? []
      : [failed === 0 ? `${count(all.length, 'threshold')} passed` : `${failed} of ${count(all.length, 'threshold')} failed`]),
    ...(missing === 0 ? [] : [`${count(missing, 'fault')} never took effect`]),
  ]
  const rest = judged ? judgements.join(', ') : 'done, without thresholds to judge it by'
  const paint = !judged ? (text: string) => text : ok ? colors.green : colors.red
  const about = `(seed ${printable(summary.seed)}, ${summary.inputHash.slice(0, 'sha256:'.length + 12)})`
  const fits = `${mark}${summary.scenario}: ${rest} ${about}`.length <= width
  return `${paint(`${mark}${colors.bold(summary.scenario)}: ${rest}`)}${fits ? ' ' : '\n'}${colors.dim(about)}`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** One line a threshold, with the values of the variants below it. */
function thresholds({ variants }: RunSummary, { colors, width }: TerminalOptions): string {
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
        const plain = `${name}${thresholdValue(result)} ${result.passed ? '✓' : '✗'}`
        return { plain, shown: result.passed ? plain : colors.red(plain) }
      })
      return [head, ...flow(values, width - 4).map((line) => `    ${line}`)].join('\n')
    })
    .join('\n')
}

export function thresholdValue({ metric, value }: ThresholdResult): string {
  if (value === null) return 'nothing measured'
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

/** Sets pieces side by side, as many as a line holds. */
function flow(pieces: readonly { readonly plain: string; readonly shown: string }[], width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  let used = 0
  for (const { plain, shown } of pieces) {
    if (used > 0 && used + 3 + plain.length > width) {
      lines.push(line)
      line = ''
      used = 0
    }
    line += used === 0 ? shown : `   ${shown}`
    used += (used === 0 ? 0 : 3) + plain.length
  }
  return used === 0 ? lines : [...lines, line]
}

/** One row of the comparison: what it is called, and how each variant's value is found and written. */
export interface Row {
  readonly label: string
  readonly cell: (variant: VariantSummary) => { readonly text: string; readonly value: number | null; readonly bad?: boolean }
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

export function sections(variants: readonly VariantSummary[]): readonly Section[] {
  const traffic = unique(variants.flatMap((variant) => variant.traffic.map((entry) => entry.traffic)))
  const deployments = unique(variants.flatMap((variant) => variant.deployments.map((entry) => `${entry.namespace}/${entry.name}`)))
  const list: Section[] = traffic.map((name) => ({ title: name, rows: trafficRows(name, variants) }))
  list.push({ title: 'endpoint propagation', rows: propagationRows() })
  list.push({
    title: 'kube-proxy',
    rows: [
      { label: 'mode', compared: false, cell: ({ kubeProxy }) => ({ text: kubeProxy.mode, value: null }) },
      { label: 'syncs', compared: true, cell: ({ kubeProxy }) => measured(kubeProxy.syncs, formatCount) },
      { label: 'longest sync', compared: true, cell: ({ kubeProxy }) => measured(kubeProxy.syncMsMax, formatMilliseconds) },
      { label: 'rules at most', compared: true, cell: ({ kubeProxy }) => measured(kubeProxy.rulesMax, formatCount) },
    ],
  })
  list.push(...nodeSections(variants))
  if (variants.some(({ bootstrap }) => bootstrap !== undefined)) {
    const cell: Row['cell'] = ({ bootstrap }) => {
      const at = bootstrap?.allNodesReadySeconds
      return at === null
        ? { text: 'never', value: null, bad: true }
        : measured(at === undefined ? undefined : at * 1000, formatMilliseconds)
    }
    list.push({ title: 'bootstrap', rows: [{ label: 'all nodes Ready at', compared: true, cell }] })
  }
  if (deployments.length > 0) list.push({ title: 'deployments available', rows: deployments.map(deploymentRow) })
  return list
}

/** What of nodes is worth telling: nothing, where no variant dropped a packet at a core and no core was busy. */
function nodeSections(variants: readonly VariantSummary[]): readonly Section[] {
  const matters = variants.some(({ nodes }) => nodes.packetsDropped > 0 || (nodes.busiestCore?.share ?? 0) > BUSY)
  if (!matters) return []
  const rows: Row[] = [
    {
      label: 'busiest core',
      compared: false,
      cell: ({ nodes }) => measured(nodes.busiestCore?.share ?? 0, formatPercent),
    },
    {
      label: 'packets dropped',
      compared: false,
      cell: ({ nodes }) => ({ ...measured(nodes.packetsDropped, formatCount), bad: nodes.packetsDropped > 0 }),
    },
  ]
  return [{ title: 'nodes', rows }]
}

/** Share of a second from which on a core is busy. */
const BUSY = 0.5

function trafficRows(name: string, variants: readonly VariantSummary[]): readonly Row[] {
  const find = (variant: VariantSummary) => variant.traffic.find((entry) => entry.traffic === name)
  const causes = unique(variants.flatMap((variant) => Object.keys(find(variant)?.failedByCause ?? {})))
  const latency = (label: 'p50' | 'p90' | 'p99' | 'max'): Row => ({
    label,
    compared: true,
    cell: (variant) => measured(find(variant)?.latencyMs[label], formatMilliseconds),
  })
  return [
    { label: 'sent', compared: false, cell: (variant) => measured(find(variant)?.sent, formatCount) },
    { label: 'ok', compared: false, cell: (variant) => measured(find(variant)?.ok, formatCount) },
    {
      label: 'error rate',
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
      ? [{ label: '  (stale rules)', compared: false, cell: (variant: VariantSummary) => measured(find(variant)?.stale, formatCount) }]
      : []),
    { label: 'in flight at end', compared: false, cell: (variant) => measured(find(variant)?.inFlight, formatCount) },
    { label: 'requests/s', compared: true, cell: (variant) => measured(find(variant)?.requestsPerSecond, threeDigits) },
    latency('p50'),
    latency('p90'),
    latency('p99'),
    latency('max'),
    ...blameRows(find, variants),
  ]
}

/** What the requests at the 99th percentile and beyond spent their time on, as far as it matters in some variant. */
function blameRows(find: (variant: VariantSummary) => TrafficSummary | undefined, variants: readonly VariantSummary[]): readonly Row[] {
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
    { label: 'slowest 1 %', compared: true, cell: (variant) => measured(sum(variant), formatMilliseconds) },
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
    compared: true,
    cell: ({ propagation }) => measured(propagation[label], formatMilliseconds),
  }))
}

function deploymentRow(fullName: string): Row {
  return {
    label: fullName,
    compared: false,
    cell: ({ deployments }) => {
      const entry = deployments.find((candidate) => `${candidate.namespace}/${candidate.name}` === fullName)
      if (entry === undefined) return { text: NOTHING, value: null }
      const when = entry.availableAtSeconds === null ? 'never all' : `all at ${formatMilliseconds(entry.availableAtSeconds * 1000)}`
      return { text: `${entry.available}/${entry.replicas}, ${when}`, value: null, bad: entry.available < entry.replicas }
    },
  }
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)]
}

/** The comparison, in as many tables side by side as the width asks for; each variant is compared with the first of all. */
function tables(variants: readonly VariantSummary[], { colors, width }: TerminalOptions): readonly string[] {
  const [first] = variants
  if (first === undefined) return []
  const list = sections(variants)
  const labels = list.flatMap(({ title, rows }) => [title, ...rows.map((row) => `  ${row.label}`)])
  const labelWidth = Math.min(Math.max(...labels.map((label) => label.length)), Math.max(20, Math.floor(width / 2)))
  const columns = variants.map((variant) => {
    const cells = list.flatMap(({ rows }) => rows.map((row) => cellText(row, variant, first)))
    return { variant, width: Math.max(variant.variant.length, ...cells.map((text) => text.length)) }
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
  return groups.map((group) => {
    const table = new Table({
      head: ['', ...group.map(({ variant }) => colors.bold(variant.variant))],
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
      colAligns: ['left', ...group.map((): 'right' => 'right')],
      colWidths: [labelWidth, ...group.map((column) => column.width)],
      chars: PLAIN,
    })
    for (const { title, rows } of list) {
      table.push([colors.bold(printable(title)), ...group.map(() => '')])
      for (const row of rows) {
        table.push([`  ${printable(row.label)}`, ...group.map(({ variant }) => colouredCell(row, variant, first, colors))])
      }
    }
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
  })
}

/** No lines between cells, only room. */
export const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
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

/** What happened that a table cannot tell: faults, commands that the API server refused, and requests that waited for it. */
function notes(variants: readonly VariantSummary[], colors: Colors): string {
  const lines = variants.flatMap(({ variant, faults, refusals, flowControl = [] }) => {
    const name = variants.length === 1 ? '' : `${variant}: `
    return [
      ...faults.map((outcome) => faultLine(outcome, name, colors)),
      ...refusals.map(
        ({ command, reason }) => `${colors.yellow('!')} ${name}${printable(command)} ${colors.yellow('was refused')}: ${printable(reason)}`,
      ),
      ...flowControl.map(
        ({ priorityLevel, waited, longestWaitMs, rejected }) =>
          `${colors.yellow('!')} ${name}priority level ${priorityLevel}: ${count(waited, 'request')} ${colors.yellow('waited')} for a seat of the API server, at most ${formatMilliseconds(longestWaitMs)}${rejected === 0 ? '' : `; ${count(rejected, 'request')} rejected`}`,
      ),
    ]
  })
  return lines.join('\n')
}

function faultLine(outcome: VariantSummary['faults'][number], variant: string, colors: Colors): string {
  const [fault, effect] = [printable(outcome.fault), printable(outcome.effect)]
  if (outcome.tookEffect) return `${colors.green('✓')} ${variant}${fault}: ${effect}`
  if (!isMissing(outcome)) return `${colors.yellow('!')} ${variant}${fault} ${colors.yellow('did not take effect')}: ${effect}`
  return `${colors.red('✗')} ${variant}${fault} ${colors.red('did not take effect')}, so the run has failed: ${effect}`
}
