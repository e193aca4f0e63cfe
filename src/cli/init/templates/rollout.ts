import { type Template, webManifest } from '../template.ts'

export const ROLLOUT: Template = {
  name: 'rollout',
  summary: 'a rolling update under load, with and without a preStop sleep',
  look: [
    'Without a sleep, pods end before every node has heard of it: some requests are refused.',
    'With a sleep of 5 seconds none are. "towtank rollout scenario.yaml" finds the shortest sleep that loses nothing.',
  ],
  scenario: `# A rolling update under load. What does a preStop sleep change?
apiVersion: towtank/v1
kind: Scenario
metadata: { name: rollout }
spec:
  duration: 90s
  warmUp: 30s
  cluster:
    nodes: [{ count: 4 }]
  manifests: [manifests/web.yaml]
  workloads:
    - selector: app=web
      serviceTime: lognormal(p50=5ms, p99=40ms)
      startUp: normal(2s, 0.5s)
  traffic:
    - name: shoppers
      to: http://web.shop.svc
      arrivals: poisson(300/s)
  timeline:
    - { at: 40s, kubectl: set image deployment/web web=shop/web:v2 -n shop }
  thresholds:
    - requests.error_rate{traffic=shoppers} < 1%
  compare: # the first is what the others are compared with
    no-sleep: {}
    sleep-5s: { manifests: [manifests/web-sleep.yaml] }
`,
  manifests: {
    'web.yaml': webManifest({ replicas: 4 }),
    'web-sleep.yaml': webManifest({
      replicas: 4,
      container: `          lifecycle:
            preStop: { sleep: { seconds: 5 } }
`,
    }),
  },
}
