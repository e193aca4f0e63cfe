/**
 * The chart "lookup cost against number of Services": both axes logarithmic, a line a mode, and the place where the rule list begins to
 * cost more than the hash table.
 *
 * The plot is drawn by echarts without a browser; the card around it (words, labels at the line ends) is SVG of our own, because echarts
 * can then only guess how wide a word is. The same points give the same bytes.
 */
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import * as echarts from 'echarts'
import { formatCount, threeDigits } from './format.ts'

export interface LookupPoint {
  readonly services: number
  /** ns a lookup. */
  readonly ns: number
}

export interface LookupChartData {
  /** Of a Service that stands anywhere, by number of Services, ascending. */
  readonly iptables: readonly LookupPoint[]
  readonly ipvs: readonly LookupPoint[]
  readonly nftables: readonly LookupPoint[]
  /** At the bottom of the card. */
  readonly provenance: string
}

/** Told apart in every common form of colour blindness, and by the marks on the lines besides. */
const COLORS = { iptables: '#cf5300', ipvs: '#0b67b2', nftables: '#0a7d4f' } as const
type Line = keyof typeof COLORS
const INK = '#1f2430'
const QUIET = '#5f6877'
const GRID = '#eceef2'
const FONT = 'Inter, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'

/** Pixels; the PNG has PNG_SCALE as many each way. */
const CARD = { width: 900, height: 560 }
const PLOT = { left: 76, right: 196, top: 128, height: 340 }
const LINE_HEIGHT = 17
const PNG_SCALE = 2

/** The number of Services from which on `dear` costs more than `cheap`, by straight lines between the points in a log-log chart; null when it never does. */
export function crossover(dear: readonly LookupPoint[], cheap: readonly LookupPoint[]): LookupPoint | null {
  const gap = dear.map((point, index) => Math.log(point.ns / cheap[index]!.ns))
  const last = gap.findLastIndex((value) => value <= 0)
  if (last < 0 || last === gap.length - 1) return null
  const share = -gap[last]! / (gap[last + 1]! - gap[last]!)
  const between = (from: number, to: number): number => Math.exp(Math.log(from) + share * Math.log(to / from))
  return {
    services: between(dear[last]!.services, dear[last + 1]!.services),
    ns: between(dear[last]!.ns, dear[last + 1]!.ns),
  }
}

export function lookupChart(data: LookupChartData): string {
  const to = data.iptables.at(-1)!.services
  const all = [data.iptables, data.ipvs, data.nftables].flat().map((point) => point.ns)
  const axisLabel = { color: QUIET, fontSize: 12, fontFamily: 'Inter' }
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...CARD })
  chart.setOption({
    animation: false,
    grid: PLOT,
    xAxis: {
      type: 'log',
      min: data.iptables[0]!.services,
      max: to,
      axisLine: { lineStyle: { color: '#9aa3b2' } },
      axisTick: { show: true, customValues: decades(1, to), lineStyle: { color: '#9aa3b2' } },
      axisLabel: { ...axisLabel, customValues: decades(1, to), formatter: (value: number) => formatCount(value) },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'log',
      min: decade(Math.min(...all), Math.floor),
      max: decade(Math.max(...all), Math.ceil),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: { ...axisLabel, formatter: nanoseconds },
      splitLine: { lineStyle: { color: GRID } },
    },
    series: [
      line(data, 'iptables', { symbol: 'circle' }),
      line(data, 'ipvs', { symbol: 'rect' }),
      // Over the line of ipvs, which it nearly covers: dashes let that one through.
      line(data, 'nftables', { symbol: 'triangle', lineStyle: { width: 2, type: [5, 5] } }),
    ],
  } as echarts.EChartsOption)
  const pixel = ({ services, ns }: LookupPoint): readonly [number, number] => {
    const [x, y] = chart.convertToPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [services, ns]) as [number, number]
    return [x, y]
  }
  const svg = card(data, { plot: stillPicture(chart.renderToSVGString()), pixel })
  chart.dispose()
  return svg
}

/** The picture as PNG, in the font that we bring along, so that it is the same on every machine. */
export function toPng(svg: string): Uint8Array {
  const face = (name: string): string => fileURLToPath(import.meta.resolve(`@expo-google-fonts/inter/${name}.ttf`))
  const font = {
    loadSystemFonts: false,
    fontFiles: [face('400Regular/Inter_400Regular'), face('600SemiBold/Inter_600SemiBold')],
    defaultFontFamily: 'Inter',
  }
  return new Resvg(svg, { font, fitTo: { mode: 'zoom', value: PNG_SCALE } }).render().asPng()
}

function line(data: LookupChartData, name: Line, more: object): object {
  const points = data[name].map(({ services, ns }) => [services, ns])
  return { type: 'line', data: points, color: COLORS[name], symbolSize: 7, silent: true, lineStyle: { width: 2 }, z: 3, ...more }
}

interface Drawn {
  readonly plot: string
  readonly pixel: (point: LookupPoint) => readonly [number, number]
}

/** Without what is for a browser's mouse only, and with names of clip paths that do not count the charts of this process. */
function stillPicture(plot: string): string {
  return plot
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, 'lookup-')
}

function card(data: LookupChartData, drawn: Drawn): string {
  const crossing = crossover(data.iptables, data.ipvs)
  const last = data.iptables.at(-1)!
  const times = formatCount(last.ns / data.ipvs.at(-1)!.ns)
  const finding = (word: (text: string, color: string) => string): string => {
    const many = `at ${formatCount(last.services)} Services ${word('the rule list', COLORS.iptables)} costs ${times} times ${word('a hash lookup', COLORS.ipvs)}`
    return crossing === null
      ? `${many[0]!.toUpperCase()}${many.slice(1)}`
      : `From ${aboutServices(crossing)} on a hash table is cheaper; ${many}`
  }
  const { left, top, height } = PLOT
  const right = CARD.width - PLOT.right
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD.width}" height="${CARD.height}" viewBox="0 0 ${CARD.width} ${CARD.height}" font-family="${FONT}" role="img">
<title>Lookup cost against number of Services. ${escapeXml(finding((words) => words))}</title>
<rect x="0.5" y="0.5" width="${CARD.width - 1}" height="${CARD.height - 1}" rx="10" fill="#fff" stroke="#d5dae3"/>
${drawn.plot}
${text(24, 40, 20, span('Lookup cost against number of Services', INK))}
${text(24, 66, 13.5, finding(span))}
${text(24, 106, 12.5, `${span('First-packet lookup', INK)}, ns (log), any Service equally likely`)}
${endLabels(data, drawn)}
${crossing === null ? '' : crossingLabel(crossing, drawn)}
${text((left + right) / 2, top + height + 42, 12.5, `${span('Services', INK)} (log)`, ' text-anchor="middle"')}
${text(24, CARD.height - 16, 11, escapeXml(data.provenance))}
</svg>
`
}

/** Labels at the line ends: the mode and its figure at the most Services, a line apart at least. */
function endLabels(data: LookupChartData, { pixel }: Drawn): string {
  const names = Object.keys(COLORS) as Line[]
  const ends = names.map((name) => ({ name, ns: data[name].at(-1)!.ns, y: pixel(data[name].at(-1)!)[1] }))
  ends.sort((a, b) => b.y - a.y || names.indexOf(b.name) - names.indexOf(a.name))
  let below = PLOT.top + PLOT.height
  const x = CARD.width - PLOT.right + 12
  return ends
    .map(({ name, ns, y }) => {
      const center = Math.min(y, below)
      below = center - LINE_HEIGHT
      const structure = name === 'iptables' ? 'rule list' : name === 'ipvs' ? 'hash table' : 'verdict map'
      const words = `${span(name, COLORS[name])} ${span(`${nanoseconds(ns)}`, COLORS[name], 400)}`
      return text(x, (center + 4).toFixed(1), 12.5, `${words} <tspan font-size="11">${structure}</tspan>`)
    })
    .join('')
}

/** A ring where the lines cross, and what it means, above it on the left, where no line is. */
function crossingLabel(crossing: LookupPoint, { pixel }: Drawn): string {
  const [x, y] = pixel(crossing).map((value) => value.toFixed(1))
  const labelY = Number(y) - 64
  return (
    `<path d="M${x} ${Number(y) - 8}V${labelY + 6}" stroke="${INK}"/>` +
    `<circle cx="${x}" cy="${y}" r="7" fill="none" stroke="${INK}" stroke-width="1.8"/>` +
    text(Math.max(Number(x) - 8, PLOT.left + 6), labelY, 12.5, `${span('crossover', INK)} at ${aboutServices(crossing)}`, HALO)
  )
}

const HALO = ' stroke="#fff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'

function aboutServices({ services }: LookupPoint): string {
  const count = formatCount(Number(services.toPrecision(2)))
  return `about ${count} ${count === '1' ? 'Service' : 'Services'}`
}

function nanoseconds(ns: number): string {
  if (ns < 999.5) return `${Number.isInteger(ns) ? ns : threeDigits(ns)} ns`
  const micro = ns / 1000
  return micro < 999.5 ? `${Number.isInteger(micro) ? micro : threeDigits(micro)} µs` : `${threeDigits(micro / 1000)} ms`
}

/** The power of ten at or under a value, or at or over it. */
function decade(value: number, round: (value: number) => number): number {
  return Number(`1e${round(Math.log10(value))}`)
}

/** 1, 10, 100, … up to a value, and that value. */
function decades(from: number, to: number): number[] {
  const values: number[] = []
  for (let value = from; value < to; value *= 10) values.push(value)
  return [...values, to]
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function span(words: string, color: string, weight = 600): string {
  return `<tspan fill="${color}" font-weight="${weight}">${escapeXml(words)}</tspan>`
}

function text(x: number, y: number | string, size: number, content: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y}" font-size="${size}" fill="${QUIET}"${more}>${content}</text>`
}
