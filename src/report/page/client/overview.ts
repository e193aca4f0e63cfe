import * as echarts from 'echarts/core'
import type { ColumnTable } from '../../charts/tables.ts'
import type { Theme } from '../../charts/theme.ts'
import type { View } from './view.ts'

/** The whole run in one line, with handles that choose the range of all charts. For the mouse: the fields above do the same for the keyboard. */
export class Overview {
  readonly #root: HTMLElement
  readonly #end: number
  readonly #chosen: (from: number, to: number) => void
  #chart: echarts.ECharts | null = null
  #quiet = false

  constructor(
    root: HTMLElement,
    options: { readonly end: number; readonly label: string; readonly chosen: (from: number, to: number) => void },
  ) {
    this.#root = root
    this.#end = options.end
    this.#chosen = options.chosen
    root.setAttribute('role', 'img')
    root.setAttribute('aria-label', options.label)
  }

  /** `requests` are all rows of the traffic that is shown. */
  draw(requests: ColumnTable, view: View, theme: Theme): void {
    this.#root.hidden = false
    this.#chart ??= this.#begin()
    this.#chart.resize()
    this.#quiet = true
    this.#chart.setOption(
      {
        animation: false,
        grid: { left: 10, right: 10, top: 4, height: 0 },
        xAxis: { type: 'value', min: 0, max: this.#end, show: false },
        yAxis: { type: 'log', show: false },
        series: [{ type: 'line', data: worst(requests), symbol: 'none', silent: true, lineStyle: { width: 0 } }],
        dataZoom: [
          {
            type: 'slider',
            left: 10,
            right: 10,
            top: 6,
            height: 36,
            startValue: view.from,
            endValue: view.to,
            filterMode: 'none',
            brushSelect: true,
            borderColor: theme.border,
            fillerColor: theme.shade,
            backgroundColor: theme.minorGrid,
            dataBackground: { lineStyle: { color: theme.quiet, width: 1 }, areaStyle: { color: theme.grid } },
            selectedDataBackground: { lineStyle: { color: theme.accents[1], width: 1 }, areaStyle: { color: theme.grid } },
            handleStyle: { color: theme.background, borderColor: theme.accents[1] },
            moveHandleStyle: { color: theme.axis },
            textStyle: { color: theme.quiet, fontSize: 11 },
            labelFormatter: (value: number) => `${Number(value.toFixed(1))} s`,
          },
        ],
      },
      true,
    )
    this.#quiet = false
  }

  #begin(): echarts.ECharts {
    const chart = echarts.init(this.#root, null, { renderer: 'canvas' })
    chart.on('datazoom', () => {
      if (this.#quiet) return
      const { dataZoom } = chart.getOption() as { dataZoom: readonly { startValue: number; endValue: number }[] }
      const { startValue, endValue } = dataZoom[0]!
      this.#chosen(startValue, endValue)
    })
    return chart
  }
}

/** The largest p99 of any variant at each time. */
function worst(requests: ColumnTable): readonly (readonly [number, number])[] {
  const times = requests.numbers('interval_start_s')
  const values = requests.numbers('latency_ms_p99')
  const most = new Map<number, number>()
  for (let row = 0; row < requests.rows; row++) {
    const value = values[row]!
    if (value > 0) most.set(times[row]!, Math.max(most.get(times[row]!) ?? 0, value))
  }
  return [...most].sort((a, b) => a[0] - b[0])
}
