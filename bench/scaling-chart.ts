/** The picture of scaling.csv: cost against size, both as multiples of the smallest, so that the slope of a line is its exponent. */
import type { Chart } from '../src/report/charts/chart.ts'
import { pixelY } from '../src/report/charts/parts/axes.ts'
import { drawEndLabels, endRoom } from '../src/report/charts/parts/end-labels.ts'
import { short } from '../src/report/charts/parts/format.ts'
import { plot } from '../src/report/charts/parts/plot.ts'
import { logarithmic } from '../src/report/charts/parts/scale.ts'
import { sentence } from '../src/report/charts/sentence.ts'
import { accentsOf, colorOf } from '../src/report/charts/theme.ts'
import type { Growth } from './scaling.ts'

export function scalingChart(growths: readonly Growth[]): Chart {
  const curves = growths.map((growth) => {
    const first = growth.points[0]!
    return {
      name: `${growth.benchmark}: ${growth.variant}`,
      more: `${short(first.size)} to ${short(growth.points.at(-1)!.size)} ${growth.of}`,
      figure: `n^${(growth.exponent ?? 0).toFixed(2)}`,
      points: growth.points.map(({ size, value }) => ({ size: size / first.size, cost: value / first.value })),
    }
  })
  const accents = accentsOf(curves.map(({ name }) => name))
  const steepest = growths.reduce<Growth | null>(
    (most, growth) => ((growth.exponent ?? 0) > (most?.exponent ?? Number.NEGATIVE_INFINITY) ? growth : most),
    null,
  )
  const finding =
    steepest === null
      ? sentence`Nothing was measured`
      : sentence`The steepest is ${`${steepest.benchmark}: ${steepest.variant}`}, which grows as n^${(steepest.exponent ?? 0).toFixed(2)}`
  return {
    kind: 'scaling',
    empty: curves.length === 0,
    title: () => 'Growth of cost with size',
    finding: () => finding,
    height: () => 560,
    option: (look) => {
      const x = logarithmic(1, Math.max(2, ...curves.flatMap(({ points }) => points.map(({ size }) => size))))
      const costs = curves.flatMap(({ points }) => points.map(({ cost }) => cost))
      const y = logarithmic(Math.min(1, ...costs), Math.max(2, ...costs))
      return plot(look, {
        title: 'Growth of cost with size',
        finding,
        accents,
        caption: [{ text: 'Cost', of: '' }, { text: ', both as multiples of the smallest size, log scale' }],
        x: { scale: x, label: short, name: 'times the smallest size (log scale)' },
        y: { scale: y, label: short, name: 'times the cost' },
        right: endRoom(curves),
        tooltip: {},
        content: (box) => ({
          elements: drawEndLabels(
            curves.map(({ name, more, figure, points }) => ({
              name,
              more,
              figure,
              color: colorOf(look.theme, accents.get(name)),
              y: pixelY(box, y, points.at(-1)!.cost),
            })),
            { box, theme: look.theme },
          ),
          series: curves.map(({ name, points }) => {
            const accent = accents.get(name)
            return {
              type: 'line',
              name,
              color: colorOf(look.theme, accent),
              symbol: accent?.symbol ?? 'circle',
              symbolSize: 7,
              lineStyle: { width: 2, type: accent?.dash ?? 'solid' },
              z: 3,
              data: points.map(({ size, cost }) => [size, cost]),
            }
          }),
        }),
      })
    },
  }
}
