import * as echarts from 'echarts/core'
import type { ChartKind, Choice } from '../../charts/chart.ts'
import { plainText } from '../../charts/sentence.ts'
import type { Tables } from '../../charts/tables.ts'
import type { Theme } from '../../charts/theme.ts'
import type { ChartWords } from '../../language/charts.ts'
import type { PageWords } from '../../language/page.ts'
import { hasTime, rowsOfChoice } from './chart-tables.ts'
import { dataTable, ROWS_SHOWN } from './data-table.ts'
import { type DragOptions, dragToZoom } from './drag.ts'
import { element } from './elements.ts'
import { tipFormatter } from './tip.ts'

/** What all charts of the page are drawn from at a moment. */
export interface Scene {
  /** The rows of the range that is shown. */
  readonly tables: Tables
  readonly variants: readonly string[]
  readonly traffic: string | null
  readonly theme: Theme
}

/** As much of an option as is looked at here. */
interface Option {
  readonly dataZoom?: unknown
  readonly grid?: unknown
  readonly series?: readonly {
    readonly tooltip?: { readonly valueFormatter?: (value: unknown) => string }
    readonly data?: readonly unknown[]
  }[]
  readonly tooltip?: object
  readonly [name: string]: unknown
}

/** Pixels of the box of a chart that has nothing to show: a line of text. */
const EMPTY_HEIGHT = 72

/** One chart with its heading, its finding and its numbers as a table. */
export class Figure {
  readonly root: HTMLElement
  readonly #kind: ChartKind
  readonly #words: { readonly page: PageWords; readonly charts: ChartWords }
  readonly #title = element('h3')
  readonly #finding = element('p', { className: 'note' })
  readonly #canvas = element('div', { className: 'canvas' })
  readonly #rows = element('div', { className: 'rows' })
  readonly #rowsNote = element('p', { className: 'note' })
  readonly #details = element('details')
  #chart: echarts.ECharts | null = null
  #scene: Scene | null = null
  #plots = 1
  #hasShown = false

  constructor(kind: ChartKind, words: { readonly page: PageWords; readonly charts: ChartWords }, drag: DragOptions) {
    this.#kind = kind
    this.#words = words
    const { charts } = words.page
    const caption = element('figcaption', {}, this.#title, this.#finding)
    this.#rows.tabIndex = 0
    this.#rows.setAttribute('role', 'region')
    this.#details.append(element('summary', {}, charts.asTable), this.#rowsNote, this.#rows)
    this.root = element('figure', { className: 'chart' }, caption, this.#canvas, this.#details)
    this.root.dataset.kind = kind.name
    this.#canvas.setAttribute('role', 'img')
    if (hasTime(kind.reads[0]!)) {
      this.#canvas.classList.add('time')
      this.#canvas.title = charts.drag
      dragToZoom(
        this.#canvas,
        () => this.#chart!,
        () => this.#plots,
        drag,
      )
    }
    this.#details.addEventListener('toggle', () => this.#fillTable())
  }

  /** Draws it anew. */
  draw(scene: Scene): void {
    this.#scene = scene
    const width = Math.max(280, Math.floor(this.#canvas.clientWidth || this.root.clientWidth))
    const choice: Choice = { variants: scene.variants, points: width, ...(scene.traffic === null ? {} : { traffic: scene.traffic }) }
    const chart = this.#kind.prepare(scene.tables, choice)
    const { charts: words } = this.#words
    const title = chart.title(words)
    const finding = plainText(chart.finding(words))
    if (!chart.empty) this.#hasShown = true
    // One that is empty in this range alone keeps its height: what is under the pointer stays there.
    const height = this.#hasShown ? chart.height(width) : EMPTY_HEIGHT
    this.#title.textContent = title
    this.#finding.textContent = finding
    this.#canvas.setAttribute('aria-label', `${title}. ${finding}`)
    this.#rows.setAttribute('aria-label', title)
    this.#canvas.style.height = `${height}px`
    this.#chart ??= echarts.init(this.#canvas, null, { renderer: 'canvas' })
    this.#chart.resize({ width, height })
    const option = chart.option({ theme: scene.theme, words, width, height, interactive: true, heading: false }) as Option
    this.#plots = Array.isArray(option.grid) ? option.grid.length : 1
    this.#chart.setOption(ownOption(option), true)
    this.root.dataset.points = String(Math.max(0, ...(option.series ?? []).map(({ data }) => data?.length ?? 0)))
    this.#fillTable()
  }

  /** Only when it is open: a table of hundreds of rows takes longer than the chart. */
  #fillTable(): void {
    if (!this.#details.open || this.#scene === null) return
    const { tables, variants, traffic } = this.#scene
    const name = this.#kind.reads[0]!
    const table = rowsOfChoice(tables.get(name)!, variants, traffic)
    this.#rowsNote.textContent = table.rows > ROWS_SHOWN ? this.#words.page.charts.tableRows(String(ROWS_SHOWN), String(table.rows)) : ''
    this.#rows.replaceChildren(dataTable(name, table, this.#title.textContent ?? ''))
  }
}

/** The range is chosen for all charts together and so not by a chart's own slider; what is told at the mouse is made of elements. */
function ownOption({ dataZoom: _, ...option }: Option): echarts.EChartsCoreOption {
  if (option.tooltip === undefined) return option
  const formats = (option.series ?? []).map(({ tooltip }) => tooltip?.valueFormatter)
  return { ...option, tooltip: { ...option.tooltip, formatter: tipFormatter(formats), renderMode: 'html', transitionDuration: 0 } }
}
