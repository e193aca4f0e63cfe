/**
 * Draws the chart of the README from a result folder of scenarios/rollout-under-load.yaml:
 *
 *   node scripts/readme-chart.mjs results/rollout-under-load results/reference/rollout-under-load
 *
 * writes results/reference/rollout-under-load.svg and .png. Every number and every position is read from requests.csv, objects.csv and
 * summary.json of that folder; the same folder gives the same bytes. The panels are drawn by echarts, the card around them
 * (words, labels at the line ends) is SVG of our own, because echarts without a browser can only guess how wide a word is.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Resvg } from '@resvg/resvg-js'
import * as echarts from 'echarts'

const TRAFFIC = 'shoppers'
/** One accent a mode and its tint for areas, told apart in every common form of colour blindness. */
const ACCENT = { iptables: { color: '#cf5300', tint: '#fbe3d2' }, ipvs: { color: '#0b67b2', tint: '#cfe3f4' } }
const INK = '#1f2430'
const QUIET = '#5f6877'
const GRID = '#eceef2'
const FONT = 'Inter, -apple-system, Segoe UI, Helvetica, Arial, sans-serif'

/** Pixels; the PNG has PNG_SCALE as many each way. */
const CARD = { width: 900, height: 594 }
const PLOT = { left: 66, right: 118 }
const FAILED = { top: 158, height: 216 }
const LATENCY = { top: 424, height: 86 }
const LINE_HEIGHT = 16
const PNG_SCALE = 2

const [folder, out] = process.argv.slice(2)
if (folder === undefined || out === undefined) {
  process.stderr.write('Usage: node scripts/readme-chart.mjs RESULT_FOLDER OUT_PREFIX\n')
  process.exit(2)
}

const expect = (value, what) => {
  if (value === undefined) throw new Error(`${folder} has no ${what}: it is not a result of scenarios/rollout-under-load.yaml`)
  return value
}

/** Rows of a CSV as objects; a field may be quoted, with "" for a quote. */
const csv = (name) => {
  const [head, ...rows] = readFileSync(join(folder, name), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map((field) => field[1]?.replaceAll('""', '"') ?? field[2]))
  return rows.map((row) => Object.fromEntries(head.map((column, index) => [column, row[index]])))
}

const summary = JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8'))
const requests = csv('requests.csv').filter((row) => row.traffic === TRAFFIC)
const hops = csv('objects.csv')

// Words and numbers.
const percent = (share) => `${(share * 100).toFixed(share < 0.01 ? 2 : 1)}%`
const count = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',')
const ms = (value) => `${count(Math.round(value))} ms`
const seconds = (value) => `${Math.round(value)}`
const same = (values) => values.every((value) => value === values[0])

/** What one mode went through, a point a second of the measured phase. */
const variants = summary.variants.map(({ variant, traffic, kubeProxy }) => ({
  name: variant,
  ...expect(ACCENT[kubeProxy.mode], `mode that has a colour here but ${kubeProxy.mode}`),
  total: expect(
    traffic.find((row) => row.traffic === TRAFFIC),
    `traffic ${TRAFFIC}`,
  ),
  points: requests
    .filter((row) => row.variant === variant)
    .map((row) => {
      const failed = Object.keys(row).reduce((sum, column) => (column.startsWith('failed_') ? sum + Number(row[column]) : sum), 0)
      return {
        start: Number(row.interval_start_s),
        end: Number(row.interval_start_s) + Number(row.interval_s),
        failed,
        failedShare: failed / Number(row.sent),
        latencyMsP99: row.latency_ms_p99 === '' ? null : Number(row.latency_ms_p99),
      }
    }),
}))
const from = Math.min(...variants.flatMap(({ points }) => points.map((point) => point.start)))
const to = Math.max(...variants.flatMap(({ points }) => points.map((point) => point.end)))

/** Hops that one hop led to, itself included. Causes come before what they cause. */
const ledTo = (root) => {
  const known = new Set([root.hop])
  return hops.filter((row) => {
    if (row.variant !== root.variant) return false
    if (known.has(row.cause_hop)) known.add(row.hop)
    return known.has(row.hop)
  })
}

/** The rollout: from kubectl's start to the last write of the Deployment that it led to. */
const rollouts = hops
  .filter((row) => row.actor === 'kubectl' && row.action === 'started' && row.detail.includes('set image '))
  .map((root) => ({
    object: root.object,
    start: Number(root.started_s),
    end: Number(ledTo(root).findLast((row) => row.action === 'committed' && row.object === root.object).ended_s),
  }))
/** The crash: until the node is back; when the control plane noticed, and the pods it then declared not ready. */
const crashes = hops
  .filter((row) => row.actor === 'fault' && row.action === 'node crashed')
  .map((crash) => {
    const next = (action) =>
      hops.find(
        (row) =>
          row.variant === crash.variant &&
          row.object === crash.object &&
          row.action === action &&
          Number(row.ended_s) >= Number(crash.ended_s),
      )
    const noticed = expect(next('noticed silence'), 'notice of the crash')
    return {
      object: crash.object,
      start: Number(crash.ended_s),
      noticed: Number(noticed.ended_s),
      end: Number(next('node came back')?.ended_s ?? to),
      pods: ledTo(noticed)
        .filter((row) => row.detail.startsWith('Ready=False: node '))
        .map((row) => row.object),
    }
  })

/** The modes hold different times at most by fractions of a second: the shade covers all of them. */
const shade = (spans, what) => {
  const start = Math.min(...spans.map((span) => span.start))
  const end = Math.max(...spans.map((span) => span.end))
  const failed = variants.map(({ points }) =>
    points.reduce((sum, point) => (point.end > start && point.start < end ? sum + point.failed : sum), 0),
  )
  return { ...expect(spans[0], what), start, end, failed }
}
const rollout = shade(rollouts, 'rollout')
const crash = shade(crashes, 'node crash')

// The two panels.
const AXIS_LABEL = { color: QUIET, fontSize: 12, fontFamily: FONT }
const xAxis = (gridIndex, labelled) => ({
  gridIndex,
  type: 'value',
  min: from,
  max: to,
  interval: 30,
  axisLine: { lineStyle: { color: '#9aa3b2' } },
  axisTick: { show: labelled, lineStyle: { color: '#9aa3b2' } },
  axisLabel: { ...AXIS_LABEL, show: labelled, formatter: '{value} s' },
  splitLine: { show: false },
})
const yAxis = (gridIndex, unit, more) => ({
  gridIndex,
  axisLine: { show: false },
  axisTick: { show: false },
  axisLabel: { ...AXIS_LABEL, formatter: `{value}${unit}` },
  splitLine: { lineStyle: { color: GRID } },
  ...more,
})
const shades = {
  silent: true,
  itemStyle: { color: 'rgba(71, 84, 110, 0.09)' },
  data: [rollout, crash].map(({ start, end }) => [{ xAxis: start }, { xAxis: end }]),
}
const noticed = {
  silent: true,
  symbol: 'none',
  label: { show: false },
  lineStyle: { color: QUIET, type: [3, 3], width: 1 },
  data: [{ xAxis: crash.noticed }],
}
/** Steps: a value holds for the whole interval it was counted in. The last point closes the last interval. */
const series = (panel, variant, index, value, more) => ({
  type: 'line',
  xAxisIndex: panel,
  yAxisIndex: panel,
  step: 'end',
  symbol: 'none',
  silent: true,
  color: variant.color,
  data: [...variant.points.map((point) => [point.start, value(point)]), [to, value(variant.points.at(-1))]],
  ...(index === 0 ? { markArea: shades, markLine: noticed } : {}),
  ...more,
})
const latencies = variants.flatMap(({ points }) => points.map((point) => point.latencyMsP99).filter((value) => value !== null))
const failedPercent = (point) => point.failedShare * 100
/** The power of ten at or under a value, or at or over it. */
const decade = (value, round) => Number(`1e${round(Math.log10(value))}`)

const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, ...CARD })
chart.setOption({
  animation: false,
  grid: [FAILED, LATENCY].map((panel) => ({ ...PLOT, ...panel })),
  xAxis: [xAxis(0, false), xAxis(1, true)],
  yAxis: [
    yAxis(0, '%', { type: 'value', min: 0, splitNumber: 4 }),
    yAxis(1, ' ms', {
      type: 'log',
      min: decade(Math.min(...latencies), Math.floor),
      max: decade(Math.max(...latencies), Math.ceil),
      axisLabel: { ...AXIS_LABEL, formatter: '{value} ms', customValues: [10, 20, 50, 100, 200, 500, 1000] },
      minorTick: { show: false, splitNumber: 9 },
      minorSplitLine: { show: true, lineStyle: { color: '#f5f6f8' } },
    }),
  ],
  series: [
    ...variants.map((variant, index) =>
      series(0, variant, index, failedPercent, { z: 1, lineStyle: { opacity: 0 }, areaStyle: { color: variant.tint, opacity: 0.85 } }),
    ),
    // The lines apart from the areas: no area covers a line.
    ...variants.map((variant) => series(0, variant, null, failedPercent, { z: 2, lineStyle: { width: 1.8 } })),
    ...variants.map((variant, index) =>
      series(1, variant, index, (point) => point.latencyMsP99, { lineStyle: { width: 1.3, opacity: 0.85 } }),
    ),
  ],
})
const pixel = (panel, x, y) => chart.convertToPixel({ xAxisIndex: panel, yAxisIndex: panel }, [x, y])

// The card around them.
const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const span = (text, color, weight = 600) => `<tspan fill="${color}" font-weight="${weight}">${escapeXml(text)}</tspan>`
const text = (x, y, size, content, more = '') => `<text x="${x}" y="${y}" font-size="${size}" fill="${QUIET}"${more}>${content}</text>`
/** "iptables 12, ipvs 3", each in its colour. */
const each = (values) => variants.map(({ name, color }, index) => span(`${name} ${values[index]}`, color)).join(', ')

const name = (object) => object.slice(object.lastIndexOf('/') + 1)
const totals = variants.map(({ total }) => total)
const p99s = totals.map((total) => ms(total.latencyMs.p99))
const sent = totals.map((total) => count(total.sent))

/** The finding in words, the worst mode first; `word` dresses what is said of a mode. */
const finding = (word) => {
  const [worst, ...others] = variants.toSorted((a, b) => b.total.errorRate - a.total.errorRate)
  const said = others.map((variant) => word(`${variant.name} ${percent(variant.total.errorRate)}`, variant.color))
  return `In this rollout and node crash, ${word(`${worst.name} fails ${percent(worst.total.errorRate)}`, worst.color)} of requests, ${said.join(', ')}`
}
const subtitle =
  `One run in each mode, ${same(sent) ? `${sent[0]} requests` : `requests: ${each(sent)}`}. ` +
  (same(p99s)
    ? `Latency does not show it: p99 of the answered ones is ${p99s[0]} in both.`
    : `Latency p99 of the answered ones: ${each(p99s)}.`)

/** "with 1 of 6 frontend pods" */
const podsOnNode = () => {
  const [, namespace, deployment] = rollout.object.split('/')
  const { replicas } = summary.variants[0].deployments.find((row) => row.namespace === namespace && row.name === deployment)
  const down = crash.pods.filter((pod) => pod.startsWith(`Pod/${namespace}/${deployment}-`)).length
  return `with ${down} of ${replicas} ${deployment} pods`
}

const shadeLabel = ({ start, end, failed }, what, more = '') => {
  const x = pixel(0, start, 0)[0].toFixed(1)
  return [
    text(x, FAILED.top - 24, 12, `${span(what, INK)} ${seconds(start)}–${seconds(end)} s${more}`),
    text(x, FAILED.top - 8, 12, `failed: ${each(failed.map(count))}`),
  ].join('')
}

/** Heights for labels that want to be at `y`, a line apart at least, the lowest not under `bottom`; lowest first. */
const apart = (labels, bottom) => {
  const sorted = labels.toSorted((a, b) => b.y - a.y || variants.indexOf(b.variant) - variants.indexOf(a.variant))
  let below = bottom + LINE_HEIGHT / 2
  return sorted.map((label) => {
    const center = Math.min(label.y, below - LINE_HEIGHT / 2)
    below = center - LINE_HEIGHT / 2
    return { ...label, center }
  })
}

/** The worst second of the crash, its label in the quiet before it; the halo keeps grid lines out of the words. */
const HALO = ' stroke="#fff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
const peakLabels = () => {
  const peaks = variants.map((variant) => {
    const during = variant.points.filter((point) => point.end > crash.start && point.start < crash.end)
    const peak = during.reduce((best, point) => (point.failedShare > best.failedShare ? point : best))
    const [x, y] = pixel(0, (peak.start + peak.end) / 2, failedPercent(peak))
    return { variant, x, y, share: peak.failedShare }
  })
  const wordsX = (pixel(0, crash.start, 0)[0] - 8).toFixed(1)
  return apart(peaks, FAILED.top + FAILED.height)
    .map(({ variant, x, y, center, share }) => {
      const content = `${span(variant.name, variant.color)} ${span(`up to ${percent(share)}`, variant.color, 400)}`
      return (
        `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="3" fill="${variant.color}" stroke="#fff"/>` +
        text(wordsX, (center + 4).toFixed(1), 12, content, `${HALO} text-anchor="end"`)
      )
    })
    .join('')
}

/** What the dashed line is, to the right of the crash. */
const noticedLabel = () => {
  const x = pixel(0, crash.noticed, 0)[0].toFixed(1)
  const wordsX = (pixel(0, crash.end, 0)[0] + 10).toFixed(1)
  const y = FAILED.top + 18
  return (
    `<path d="M${x} ${y}H${wordsX - 4}" stroke="${QUIET}"/><circle cx="${x}" cy="${y}" r="2" fill="${QUIET}"/>` +
    text(wordsX, y + 4, 12, `the control plane notices after ${seconds(crash.noticed - crash.start)} s`)
  )
}

/** Labels at the line ends: the mode and its figure of the whole measured phase. */
const endLabels = (panel, { top, height }, value, label) => {
  const x = CARD.width - PLOT.right + 8
  const ends = variants.map((variant) => ({ variant, y: pixel(panel, to, value(variant.points.at(-1)))[1] }))
  const placed = apart(ends, top + height)
  const words = placed.map(({ variant, center }) =>
    text(x, (center + 4).toFixed(1), 12, `${span(variant.name, variant.color)} ${span(label(variant.total), variant.color, 400)}`),
  )
  return [...words, text(x, (placed.at(-1).center + 4 - LINE_HEIGHT).toFixed(1), 11, 'overall')].join('')
}

const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${CARD.width}" height="${CARD.height}" viewBox="0 0 ${CARD.width} ${CARD.height}" font-family="${FONT}" role="img">
<title>${escapeXml(finding((words) => words))}</title>
<rect x="0.5" y="0.5" width="${CARD.width - 1}" height="${CARD.height - 1}" rx="10" fill="#fff" stroke="#d5dae3"/>
${chart.renderToSVGString()}
${text(24, 42, 20, finding(span), ` style="fill:${INK};font-weight:600"`)}
${text(24, 67, 13, subtitle)}
${text(24, 104, 12.5, `${span('Failed requests', INK)}, % of those sent in each second`)}
${shadeLabel(rollout, `rollout of ${name(rollout.object)}`)}
${shadeLabel(crash, `${name(crash.object)} down`, `, ${podsOnNode()}`)}
${peakLabels()}
${noticedLabel()}
${endLabels(0, FAILED, failedPercent, (total) => percent(total.errorRate))}
${text(24, LATENCY.top - 16, 12.5, `${span('Latency p99', INK)} of the answered requests of each second, ms (log)`)}
${endLabels(
  1,
  LATENCY,
  (point) => point.latencyMsP99,
  (total) => ms(total.latencyMs.p99),
)}
${text((PLOT.left + CARD.width - PLOT.right) / 2, LATENCY.top + LATENCY.height + 40, 12, `simulated time (warm-up until ${seconds(from)} s left out)`, ' text-anchor="middle"')}
${text(24, CARD.height - 16, 11, escapeXml(`scenario ${summary.scenario}, traffic ${TRAFFIC}, seed ${summary.seed}`))}
${text(CARD.width - 24, CARD.height - 16, 11, escapeXml(`${summary.tool.name} ${summary.tool.version}`), ' text-anchor="end"')}
</svg>
`
chart.dispose()

const inter = (face) => fileURLToPath(import.meta.resolve(`@expo-google-fonts/inter/${face}.ttf`))
const font = {
  loadSystemFonts: false,
  fontFiles: [inter('400Regular/Inter_400Regular'), inter('600SemiBold/Inter_600SemiBold')],
  defaultFontFamily: 'Inter',
}
writeFileSync(`${out}.svg`, svg)
writeFileSync(`${out}.png`, new Resvg(svg, { font, fitTo: { mode: 'zoom', value: PNG_SCALE } }).render().asPng())
