/**
 * Charts of runs as SVG, as `towtank chart` draws them: the same numbers, words and pictures. An entry of its own, since it loads a charting library.
 *
 * ```ts
 * import { drawCharts } from 'towtank/charts'
 *
 * for (const { kind, svg } of drawCharts([simulate(scenario)])) writeFileSync(`${kind}.svg`, svg)
 * ```
 *
 * @packageDocumentation
 */
import { nearest } from '../api/did-you-mean.ts'
import type { Table } from '../metrics/table.ts'
import type { Choice } from '../report/charts/chart.ts'
import { CHART_KINDS } from '../report/charts/kinds.ts'
import { plainText } from '../report/charts/sentence.ts'
import { chartToSvg } from '../report/charts/static/svg.ts'
import { type ColumnTable, isRead, TABLE_NAMES, TableBuilder, type TableName } from '../report/charts/tables.ts'
import { THEMES } from '../report/charts/theme.ts'
import { LANGUAGES } from '../report/language/index.ts'
import type { SimulationResult } from './simulate.ts'
import { VERSION } from './version.ts'

/** Options of {@link drawCharts}. */
export interface DrawChartsOptions {
  /** Only these, by the names of {@link CHART_NAMES}, also where there is nothing to draw. Default: every one that has something to show. */
  readonly kinds?: readonly string[]
  /** Default: `light`. `print` is for paper. */
  readonly theme?: 'light' | 'dark' | 'print'
  /** Default: `en`. */
  readonly language?: 'en' | 'zh'
  /** Pixels; the height follows from it. Default: 960. */
  readonly width?: number
  /** The traffic of charts that show one; default: the one with the most requests. */
  readonly traffic?: string
}

/** A chart of a run, or of several. */
export interface DrawnChart {
  readonly kind: string
  readonly title: string
  /** What there is to see in it, in a sentence. */
  readonly finding: string
  /** The same input gives the same text. */
  readonly svg: string
}

const OF_RUNS: readonly TableName[] = ['requests', 'proxy', 'pods', 'nodes', 'latency', 'connections', 'events']

/** Charts that can be drawn of runs, in their order. */
export const CHART_NAMES: readonly string[] = CHART_KINDS.filter(({ reads }) => reads.every((name) => OF_RUNS.includes(name))).map(
  ({ name }) => name,
)

/**
 * Draws charts of runs of one scenario with different variants, each in a colour of its own.
 *
 * @throws RangeError for a kind that there is not.
 */
export function drawCharts(results: readonly SimulationResult[], options: DrawChartsOptions = {}): readonly DrawnChart[] {
  const { kinds, theme = 'light', language = 'en', width = 960, traffic } = options
  for (const kind of kinds ?? []) {
    if (CHART_NAMES.includes(kind)) continue
    const near = nearest(kind, CHART_NAMES)
    throw new RangeError(
      `No kind of chart "${kind}": expected one of ${CHART_NAMES.join(', ')}${near === null ? '' : `. Did you mean "${near}"?`}`,
    )
  }
  const [first] = results
  if (first === undefined) return []
  const words = LANGUAGES[language].charts
  const tables = columnTables(results)
  const choice: Choice = traffic === undefined ? {} : { traffic }
  return CHART_KINDS.filter(({ name }) => CHART_NAMES.includes(name) && (kinds === undefined || kinds.includes(name)))
    .filter(({ reads }) => reads.every((name) => tables.has(name)))
    .map((kind) => kind.prepare(tables, choice))
    .filter(({ empty }) => !empty || kinds !== undefined)
    .map((chart) => ({
      kind: chart.kind,
      title: chart.title(words),
      finding: plainText(chart.finding(words)),
      svg: chartToSvg(chart, {
        theme: THEMES[theme],
        words,
        width,
        height: chart.height(width),
        interactive: false,
        heading: true,
        footer: words.footer(`towtank ${VERSION}`, first.scenario, first.seed),
      }),
    }))
}

/** The tables of all runs one below the other, as their files would be. */
function columnTables(results: readonly SimulationResult[]): ReadonlyMap<TableName, ColumnTable> {
  const tables = new Map<TableName, ColumnTable>()
  for (const name of TABLE_NAMES) {
    const runs = results.flatMap(({ variant, tables: of }) => {
      const table = (of as unknown as Readonly<Record<string, Table | undefined>>)[name]
      return table === undefined ? [] : [{ variant, table }]
    })
    const [first] = runs
    if (first === undefined) continue
    const builder = new TableBuilder(['variant', ...first.table.columns], (column) => isRead(name, column))
    for (const { variant, table } of runs)
      for (const row of table.rows) builder.add([variant, ...row.map((cell) => (cell === null ? '' : String(cell)))])
    tables.set(name, builder.table())
  }
  return tables
}
