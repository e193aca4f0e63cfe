import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { LANGUAGES } from '../language/index.ts'
import type { Chart, Look } from './chart.ts'
import { CHART_KINDS, kindsFor } from './kinds.ts'
import { emptyTables, sampleTables } from './sample-tables.fixture.ts'
import { plainText } from './sentence.ts'
import { svgToPng } from './static/png.ts'
import { chartToSvg } from './static/svg.ts'
import { embedTable, unembedTable } from './tables.ts'
import { THEMES } from './theme.ts'

const lookOf = (chart: Chart, changes: Partial<Look> = {}): Look => ({
  theme: THEMES.light,
  words: LANGUAGES.en.charts,
  width: 900,
  height: chart.height(900),
  interactive: false,
  heading: true,
  footer: 'scenario <shop>',
  ...changes,
})

interface Axis {
  readonly name: string
  readonly axisLabel: { readonly customValues: readonly number[]; readonly formatter: (value: number) => string }
}

test('the sample tables give every kind of chart', () => {
  expect(kindsFor(sampleTables().keys())).toEqual(CHART_KINDS)
})

describe.each(CHART_KINDS.map((kind) => [kind.name, kind] as const))('the chart %s', (name, kind) => {
  const chart = kind.prepare(sampleTables())

  test('is the picture that was looked at', async () => {
    await expect(chartToSvg(chart, lookOf(chart))).toMatchFileSnapshot(`./__snapshots__/${name}.svg`)
  })

  test('is the same twice, as SVG and as PNG', () => {
    const hash = (): string =>
      createHash('sha256')
        .update(svgToPng(chartToSvg(chart, lookOf(chart))))
        .digest('hex')
    expect(chartToSvg(kind.prepare(sampleTables()), lookOf(chart))).toBe(chartToSvg(chart, lookOf(chart)))
    expect(hash()).toBe(hash())
  })

  test.each([
    ['12 variants', sampleTables({ variants: 12 })],
    ['one second', sampleTables({ seconds: 1 })],
    ['one variant', sampleTables({ variants: 1 })],
    ['nothing', emptyTables()],
  ])('of %s has no number that is none, and a finding', (_case, tables) => {
    const one = kind.prepare(tables)
    for (const language of Object.values(LANGUAGES))
      for (const theme of Object.values(THEMES)) {
        const svg = chartToSvg(one, lookOf(one, { words: language.charts, theme }))
        expect(svg).not.toMatch(/NaN|undefined|Infinity|\[object|null/)
        expect(plainText(one.finding(language.charts))).not.toBe('')
      }
  })

  test('says that it is empty where there is nothing', () => {
    expect(chart.empty).toBe(false)
    expect(kind.prepare(emptyTables()).empty).toBe(true)
  })

  test.each(['en', 'zh'] as const)('names what every axis measures, in %s, with units at its ticks or in its name', (code) => {
    const option = chart.option(lookOf(chart, { words: LANGUAGES[code].charts })) as unknown as {
      xAxis: readonly Axis[]
      yAxis: readonly Axis[]
    }
    for (const { name: title, axisLabel } of [...option.xAxis, ...option.yAxis]) {
      expect(title).not.toBe('')
      const ticks = axisLabel.customValues.map(axisLabel.formatter)
      const counts = /Services|Service |endpoints|端点|node|节点|\(%\)/.test(title)
      if (!counts && ticks.some((tick) => tick !== ''))
        expect(
          ticks.every((tick) => tick === '' || /(ns|µs|ms|s|min|h|%|×|\/s)$|^[\d,.]+$/.test(tick)),
          ticks.join(),
        ).toBe(true)
    }
  })

  test('has no two texts over each other', () => {
    expect(overlaps(chartToSvg(chart, lookOf(chart)))).toEqual([])
    const many = kind.prepare(sampleTables({ variants: 12 }))
    expect(overlaps(chartToSvg(many, lookOf(many)))).toEqual([])
  })

  test('is the same of tables that went through a page', () => {
    const embedded = JSON.parse(JSON.stringify([...sampleTables()].map(([table, columns]) => [table, embedTable(columns)])))
    const back = new Map(embedded.map(([table, columns]: [string, never]) => [table, unembedTable(columns)])) as ReturnType<
      typeof sampleTables
    >
    expect(chartToSvg(kind.prepare(back), lookOf(chart))).toBe(chartToSvg(chart, lookOf(chart)))
  })

  test('may be interactive, and leave its heading to a page', () => {
    const option = chart.option(lookOf(chart, { interactive: true, heading: false })) as unknown as {
      tooltip: unknown
      graphic: readonly { style?: { text?: string } }[]
    }
    expect(option.tooltip).toBeDefined()
    expect(option.graphic.map(({ style }) => style?.text)).not.toContain(chart.title(LANGUAGES.en.charts))
  })
})

/** Pairs of texts of which one starts before the other ends, in the same line. */
function overlaps(svg: string): string[] {
  const texts = [...svg.matchAll(/<text([^>]*)>([^<]*)<\/text>/g)].map(([, attributes, content]) => {
    const at = /transform="translate\(([\d.-]+) ([\d.-]+)\)"/.exec(attributes!) ?? /x="([\d.-]+)" y="([\d.-]+)"/.exec(attributes!)
    const size = Number(/font-size:([\d.]+)px/.exec(attributes!)?.[1] ?? 12)
    const anchor = /text-anchor="(\w+)"/.exec(attributes!)?.[1] ?? 'start'
    // Narrower than it is: what touches is allowed.
    const width = content!.trimEnd().replaceAll('&lt;', '<').replaceAll('&amp;', '&').length * size * 0.42
    const x = Number(at?.[1]) - (anchor === 'end' ? width : anchor === 'middle' ? width / 2 : 0)
    return { content: content!, x, y: Number(at?.[2]), width, size }
  })
  return texts.flatMap((a, index) =>
    texts
      .slice(index + 1)
      .filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && Math.abs(a.y - b.y) < 0.8 * Math.min(a.size, b.size))
      .map((b) => `"${a.content}" and "${b.content}"`),
  )
}
