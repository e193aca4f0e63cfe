/**
 * Draws what a running Kubernetes v1.36.2 did beside what the model does on the same set-up:
 *
 *   node scripts/fidelity-charts.mjs RECORDINGS_FOLDER results/reference/fidelity
 *
 * writes creation, rollout, termination and node-death as .svg and .png, and prints the figures of docs/fidelity-timelines.md. The plot is
 * drawn by echarts, the card around it is SVG of our own, because echarts without a browser can only guess how wide a word is.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import * as echarts from 'echarts'
import { build } from 'tsdown'

const [recordings, out] = process.argv.slice(2)
if (recordings === undefined || out === undefined) {
  process.stderr.write('Usage: node scripts/fidelity-charts.mjs RECORDINGS_FOLDER OUT_FOLDER\n')
  process.exit(2)
}

const root = fileURLToPath(new URL('..', import.meta.url))
const bundle = `${root}node_modules/.cache/towtank-fidelity/`
await build({
  cwd: root,
  config: false,
  entry: { fidelity: 'test/conformance/timelines/fidelity.ts' },
  outDir: bundle,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  dts: false,
  fixedExtension: true,
  logLevel: 'error',
})
const { sideBySide, counts, creations, durations, course, deathOf } = await import(`file://${bundle}fidelity.mjs`)

/** Told apart in every common form of colour blindness, and by the dashes. */
const COLORS = { recorded: '#0b67b2', model: '#cf5300' }
const INK = '#1f2430'
const QUIET = '#5f6877'
const GRID = '#eceef2'
const FONT = 'Inter, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'
/** Pixels; the PNG has PNG_SCALE as many each way. */
const CARD = { width: 760, height: 400 }
const PLOT = { left: 64, right: 28, top: 116, height: 214 }
const PNG_SCALE = 2

const CHARTS = [
  {
    name: 'creation',
    file: '1-create-r100-n5-1',
    title: 'Creation: one Deployment of 100 replicas',
    axis: 'pods',
    of: 'pods',
    from: 0,
    to: 5,
  },
  {
    name: 'rollout',
    file: '2-roll-r10-25p_25p-1',
    title: 'Rollout: 10 replicas, maxSurge 25%, maxUnavailable 25%',
    axis: 'ready endpoints',
    of: 'ready endpoints',
    from: -0.5,
    to: 6,
  },
  {
    name: 'termination',
    file: '3-term-pre5-grace30-1',
    title: 'Termination: one of 3 pods is deleted, preStop sleeps 5 s',
    axis: 'pods, terminating ones included',
    of: 'pods',
    from: -0.5,
    to: 6.5,
  },
  {
    name: 'node-death',
    file: '4-nodedeath-tol30-1',
    title: 'Node death: 10 replicas, tolerated for 30 s',
    axis: 'ready endpoints',
    of: 'ready endpoints',
    from: -1.5,
    to: 90,
  },
]

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const text = (x, y, size, content, more = '') => `<text x="${x}" y="${y}" font-size="${size}" fill="${QUIET}"${more}>${content}</text>`

/** Steps within the window, from the value that held before it to the one at its end. */
const steps = (changes, { of, from, to }) => {
  const points = counts(changes, of).map(([t, count]) => [t / 1000, count])
  const before = points.filter(([t]) => t <= from).at(-1)?.[1] ?? 0
  const inside = points.filter(([t]) => t > from && t < to)
  return [[from, before], ...inside, [to, inside.at(-1)?.[1] ?? before]]
}

const legend = (y) => {
  const entry = (x, name, words, dash) =>
    `<path d="M${x} ${y - 4}h28" stroke="${COLORS[name]}" stroke-width="2.5"${dash}/>` +
    text(x + 36, y, 12.5, `<tspan fill="${COLORS[name]}" font-weight="600">${words}</tspan>`)
  return entry(24, 'recorded', 'Kubernetes v1.36.2, recorded', '') + entry(276, 'model', 'Towtank', ' stroke-dasharray="5 4"')
}

function draw({ title, axis, file, ...window }, { recorded, model }) {
  const lines = { recorded: steps(recorded, window), model: steps(model, window) }
  const axisLabel = { color: QUIET, fontSize: 12, fontFamily: FONT }
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...CARD })
  chart.setOption({
    animation: false,
    grid: PLOT,
    xAxis: {
      type: 'value',
      min: window.from,
      max: window.to,
      axisLine: { onZero: false, lineStyle: { color: '#9aa3b2' } },
      axisTick: { show: true, lineStyle: { color: '#9aa3b2' } },
      axisLabel: { ...axisLabel, formatter: (value) => `${value} s`, showMinLabel: Number.isInteger(window.from) },
      splitLine: { show: false },
    },
    yAxis: { type: 'value', min: 0, minInterval: 1, axisLabel, splitLine: { lineStyle: { color: GRID } } },
    series: Object.entries(lines).map(([name, data]) => ({
      type: 'line',
      step: 'end',
      symbol: 'none',
      silent: true,
      data,
      color: COLORS[name],
      lineStyle: { width: 2.2, type: name === 'model' ? [5, 4] : 'solid' },
    })),
  })
  const plot = chart
    .renderToSVGString()
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (?:class|ecmeta_\w+)="[^"]*"/g, '')
    .replace(/\bzr\d+-/g, 'fidelity-')
  chart.dispose()
  const middle = (PLOT.left + CARD.width - PLOT.right) / 2
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD.width}" height="${CARD.height}" viewBox="0 0 ${CARD.width} ${CARD.height}" font-family="${FONT}" role="img">
<title>${escapeXml(title)}, recorded and modelled</title>
<rect x="0.5" y="0.5" width="${CARD.width - 1}" height="${CARD.height - 1}" rx="10" fill="#fff" stroke="#d5dae3"/>
${plot}
${text(24, 36, 18, escapeXml(title), ` style="fill:${INK};font-weight:600"`)}
${legend(64)}
${text(24, PLOT.top - 16, 12.5, `<tspan fill="${INK}" font-weight="600">${escapeXml(axis)}</tspan>`)}
${text(middle, PLOT.top + PLOT.height + 40, 12.5, 'time since the command, s', ' text-anchor="middle"')}
${text(24, CARD.height - 14, 11, `recording ${file}`)}
</svg>
`
}

const face = (name) => fileURLToPath(import.meta.resolve(`@expo-google-fonts/inter/${name}.ttf`))
const font = {
  loadSystemFonts: false,
  fontFiles: [face('400Regular/Inter_400Regular'), face('600SemiBold/Inter_600SemiBold')],
  defaultFontFamily: 'Inter',
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const round = (value) => (value === undefined ? '' : Math.round(value))

mkdirSync(out, { recursive: true })
for (const row of CHARTS) {
  const both = sideBySide(join(recordings, `${row.file}.jsonl`))
  const svg = draw(row, both)
  writeFileSync(join(out, `${row.name}.svg`), svg)
  writeFileSync(join(out, `${row.name}.png`), new Resvg(svg, { font, fitTo: { mode: 'zoom', value: PNG_SCALE } }).render().asPng())
  const print = (what, recorded, model) => process.stdout.write(`| ${row.file} | ${what} | ${round(recorded)} | ${round(model)} |\n`)
  const [recorded, model] = [creations(both.recorded), creations(both.model)]
  for (const k of [31, 50, 75, 100]) if (recorded.length >= k) print(`pod ${k} created, ms`, recorded[k - 1], model[k - 1])
  const [theirs, ours] = [durations(both.recorded), durations(both.model)]
  for (const [what, times] of theirs) print(`${what}, median ms`, median(times), ours.has(what) ? median(ours.get(what)) : undefined)
  const death = deathOf(both.recording)
  if (death !== null) {
    const [was, is] = [course(both.recorded, death.node, death.t), course(both.model, death.node, death.t)]
    for (const key of Object.keys(was)) print(`${key}, ms after the death`, was[key], is[key])
  }
}
