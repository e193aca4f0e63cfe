// @ts-check
// kube-proxy's modes side by side, and whether what differs is more than chance.
import { compareRuns, defineScenario, replicate, simulate } from 'towtank'
import { deployment, service } from './shop.mjs'

const scenario = await defineScenario({
  name: 'modes',
  duration: '30s',
  warmUp: '25s',
  manifests: [deployment(), service],
  cluster: { nodes: [{ count: 1 }], otherServices: { count: 2000, endpoints: 2 } },
  workloads: [{ selector: 'app=web', serviceTime: 'exp(2ms)', concurrency: 8, startUp: '1s' }],
  traffic: [{ name: 'shoppers', to: 'http://web.default.svc', from: { external: true }, arrivals: 'poisson(300/s)' }],
  compare: {
    iptables: { 'cluster.kubeProxy.mode': 'iptables' },
    ipvs: { 'cluster.kubeProxy.mode': 'ipvs' },
    nftables: { 'cluster.kubeProxy.mode': 'nftables' },
  },
})

// One run each, on the same random numbers: the same requests at the same times.
for (const variant of scenario.variants) {
  const { traffic, kubeProxy } = simulate(scenario, { variant }).summary
  const [shoppers] = traffic
  console.log(`${variant.padEnd(8)} mean ${shoppers?.latencyMs.mean?.toFixed(3)} ms, at most ${kubeProxy.rulesMax} rules`)
}

// Four seeds each, in two threads.
const a = await replicate(scenario, { variant: 'iptables', replications: 4, workers: 2 })
const b = await replicate(scenario, { variant: 'ipvs', replications: 4, workers: 2 })
const { metrics } = compareRuns(a, b, { seed: scenario.seed })
const mean = metrics.find(({ metric }) => metric === 'requests.latency.mean')
console.log(`ipvs against iptables: ${mean?.verdict}, ${mean?.low?.toFixed(4)} to ${mean?.high?.toFixed(4)} ms`)
