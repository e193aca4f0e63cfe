// @ts-check
// A first run: reads a scenario file, runs it, prints what its visitors felt.
import { fileURLToPath } from 'node:url'
import { loadScenario, simulate } from 'towtank'

const file = fileURLToPath(new URL('../scenarios/hello.yaml', import.meta.url))

const scenario = await loadScenario(file)
const { summary } = simulate(scenario)

for (const { traffic, sent, failed, latencyMs } of summary.traffic) {
  console.log(`${traffic}: ${sent} requests, ${failed} failed, p50 ${latencyMs.p50?.toFixed(1)} ms, p99 ${latencyMs.p99?.toFixed(1)} ms`)
}
for (const { expression, passed } of summary.thresholds) console.log(`${passed ? 'holds' : 'FAILS'}: ${expression}`)
