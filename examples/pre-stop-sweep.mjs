// @ts-check
// How long should a pod go on serving before it ends? A rolling update with preStop sleeps of different lengths.
import { defineScenario, simulate } from 'towtank'
import { deployment, service } from './shop.mjs'

console.log('preStop  failed  of sent')
for (const preStopSeconds of [0, 1, 2, 5]) {
  const scenario = await defineScenario({
    name: `pre-stop-${preStopSeconds}`,
    seed: 7,
    duration: '60s',
    warmUp: '20s',
    manifests: [deployment({ preStopSeconds }), service],
    workloads: [{ selector: 'app=web', serviceTime: 'exp(5ms)', concurrency: 8, startUp: '1s', onTerminate: 'exit' }],
    traffic: [{ name: 'shoppers', to: 'http://web.default.svc', from: { external: true }, arrivals: 'poisson(300/s)' }],
    timeline: [{ at: '25s', kubectl: 'set image deployment/web web=example/web:v2' }],
  })
  for (const { failed, sent } of simulate(scenario).summary.traffic) {
    console.log(`${`${preStopSeconds} s`.padStart(7)}  ${String(failed).padStart(6)}  ${String(sent).padStart(7)}`)
  }
}
