import type { Look } from '../chart.ts'
import type { Sentence } from '../sentence.ts'
import type { Accent } from '../theme.ts'
import { PADDING } from './frame.ts'
import { fewerRows, type HeatGrid, heatLegend, heatSeries, rowLabels } from './heat.ts'
import type { Bins } from './intervals.ts'
import type { Mark } from './marks.ts'
import type { Scale } from './scale.ts'
import { timeChart } from './time-chart.ts'

/** Heat maps over the same time, one a variant under the other. */
export interface HeatChart {
  readonly title: string
  readonly finding: Sentence
  readonly accents: ReadonlyMap<string, Accent>
  readonly bins: Bins
  readonly variants: readonly HeatPanel[]
  readonly scale: Scale
  readonly label: (value: number) => string
  /** What a colour is: its name, and more about it. */
  readonly measure: string
  readonly caption: string
  /** What a row is. */
  readonly axisName: string
}

export interface HeatPanel {
  readonly name: string
  readonly grid: HeatGrid
  readonly marks: readonly Mark[]
  /** Said over its map. */
  readonly note?: string
}

/** The height that so many rows need in each of the maps. */
export function heatHeight(variants: readonly HeatPanel[]): number {
  const each = Math.min(260, Math.max(70, Math.max(0, ...variants.map(({ grid }) => grid.rows.length)) * 16))
  return 200 + variants.length * (each + 46)
}

export function heatChart(look: Look, chart: HeatChart): Record<string, unknown> {
  const { variants, scale, label, measure } = chart
  const rowsHeight = Math.max(60, (look.height - 200) / variants.length - 46)
  const option = timeChart(look, {
    title: chart.title,
    finding: chart.finding,
    accents: chart.accents,
    from: chart.bins.from,
    to: chart.bins.to,
    columns: 1,
    panels: variants.map(({ name, grid: whole, marks, note }, index) => {
      const grid = fewerRows(whole, Math.floor(rowsHeight / 2))
      const said = note === undefined ? '' : `  ${note}`
      const what: Sentence = [{ text: measure, of: '' }, { text: (index === 0 ? chart.caption : '') + said }]
      return {
        caption:
          variants.length > 1
            ? [{ text: name, of: name }, { text: said }, ...(index === 0 ? [{ text: `  ${measure}${chart.caption}` }] : [])]
            : what,
        scale: { type: 'value', min: 0, max: Math.max(1, grid.rows.length), ticks: [] },
        label: () => '',
        axisName: chart.axisName,
        leftLabels: rowLabels(grid.rows, rowsHeight),
        series: [heatSeries(grid, { theme: look.theme, scale, label })],
        marks,
        marksOver: true,
      }
    }),
    extra: look.interactive ? { tooltip: { trigger: 'item', confine: true } } : {},
  })
  const legend = heatLegend(look, { x: look.width - PADDING, y: look.heading ? 100 : 14, scale, label })
  return { ...option, graphic: [...(option.graphic as unknown[]), ...legend] }
}
