// @ts-check
// A scenario that is written in code, and what is said of one that is wrong.
import { defineScenario, measuresOf, ScenarioError, simulate } from 'towtank'
import { deployment, service } from './shop.mjs'

/** @type {import('towtank').ScenarioDefinition} */
const definition = {
  name: 'shop',
  seed: 42,
  duration: '40s',
  warmUp: '20s',
  cluster: { nodes: [{ count: 3, cpu: 2 }] },
  manifests: [deployment(), service],
  workloads: [{ selector: 'app=web', serviceTime: 'lognormal(p50=6ms, p99=40ms)', concurrency: 4, startUp: '2s' }],
  traffic: [{ name: 'shoppers', to: 'http://web.default.svc', from: { external: true }, arrivals: 'poisson(200/s)' }],
}

const { summary } = simulate(await defineScenario(definition))
for (const { name, value, unit } of measuresOf(summary)) {
  if (name.startsWith('requests.latency') && value !== null) console.log(name, value.toFixed(2), unit)
}

// Everything that is wrong is found at once, before anything runs.
try {
  await defineScenario({
    ...definition,
    duration: '5 minutse',
    traffic: [{ name: 'shoppers', to: 'http://wbe.default.svc', arrivals: 'poison(200/s)' }],
  })
} catch (error) {
  if (!(error instanceof ScenarioError)) throw error
  for (const { path, message, didYouMean } of error.problems) {
    console.log(`${path}: ${message}${didYouMean === null ? '' : `. Did you mean "${didYouMean}"?`}`)
  }
}
