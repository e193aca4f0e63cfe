// @ts-check
// From a run to your own tools: rows as objects, CSV, the story of a change, charts, and the folder that `towtank run` writes.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineScenario, records, simulate, toCsv, writeResults } from 'towtank'
import { drawCharts } from 'towtank/charts'
import { deployment, service } from './shop.mjs'

const scenario = await defineScenario({
  name: 'tables',
  duration: '30s',
  warmUp: '20s',
  manifests: [deployment({ replicas: 2 }), service],
  workloads: [{ selector: 'app=web', serviceTime: 'exp(5ms)', startUp: '1s' }],
  traffic: [{ name: 'shoppers', to: 'http://web.default.svc', from: { external: true }, arrivals: 'poisson(50/s)' }],
})
const result = simulate(scenario)

// Rows as objects, by column.
for (const { pod, node, requests } of records(result.tables.pods)) console.log(pod, node, requests)

// A table of your own, as CSV.
const { columns, rows } = result.tables.requests
const wanted = ['interval_start_s', 'sent', 'ok'].map((column) => columns.indexOf(column))
const narrow = {
  columns: wanted.map((index) => columns[index] ?? ''),
  rows: [...rows].map((row) => wanted.map((index) => row[index] ?? null)),
}
console.log(toCsv({ ...narrow, rows: narrow.rows.slice(-3) }))

// What led to the last rules that were programmed: back from hop to hop, as far as the pod whose readiness it was.
const last = [...result.hops].findLast(({ action }) => action === 'programmed')
for (let hop = last; hop !== undefined; hop = hop.cause < 0 ? undefined : result.hops.hop(hop.cause)) {
  console.log(`${(hop.time / 1e9).toFixed(3)} s ${hop.actor}: ${hop.action} ${hop.subject}`)
  if (hop.action.startsWith('readiness probe')) break
}

// Charts, as SVG.
for (const { kind, finding, svg } of drawCharts([result], { kinds: ['latency', 'pods'] }))
  console.log(`${kind}.svg begins with ${svg.slice(0, 4)}: ${finding}`)

// The same files as `towtank run`: for its charts, reports and comparisons.
const parent = mkdtempSync(join(tmpdir(), 'towtank-'))
writeResults(join(parent, 'tables'), [result])
console.log(readdirSync(join(parent, 'tables')).sort().join(' '))
rmSync(parent, { recursive: true })
