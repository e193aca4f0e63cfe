import { type Template, webManifest } from '../template.ts'

export const NODE_DEATH: Template = {
  name: 'node-death',
  summary: 'a node dies without a word: how long do users feel it?',
  look: [
    'Requests to the dead pods time out until the control plane gives the node up, some 50 seconds later: read the error rate.',
    '"towtank trace scenario.yaml node/worker-2" tells who noticed when.',
  ],
  scenario: `# A node dies without a word. How long do users feel it, and do retries help?
apiVersion: towtank/v1
kind: Scenario
metadata: { name: node-death }
spec:
  duration: 150s
  warmUp: 30s
  cluster:
    nodes: [{ count: 4 }]
  manifests: [manifests/web.yaml]
  workloads:
    - selector: app=web
      serviceTime: lognormal(p50=5ms, p99=40ms)
  traffic:
    - name: shoppers
      to: http://web.shop.svc
      arrivals: poisson(100/s)
      timeout: 3s
  timeline:
    - { at: 45s, fault: { kind: node-crash, node: worker-2 } }
  thresholds:
    - requests.error_rate{traffic=shoppers} < 15%
  compare:
    no-retries: {}
    retries:
      traffic[0].retries: { max: 2, on: [connect-failure, timeout], perTryTimeout: 500ms }
`,
  manifests: {
    'web.yaml': webManifest({
      replicas: 4,
      pod: `      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector: { matchLabels: { app: web } }
`,
    }),
  },
}
