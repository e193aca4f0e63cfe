import { type Template, webManifest } from '../template.ts'

export const HELLO: Template = {
  name: 'hello',
  summary: 'three pods behind a Service, and clients outside the cluster',
  look: ['Where do the milliseconds of the slowest requests go? The rows below "slowest 1 %" say it.'],
  scenario: `# The smallest scenario: three pods behind a Service, and clients outside the cluster.
apiVersion: towtank/v1
kind: Scenario
metadata: { name: hello }
spec:
  duration: 60s # simulated, warm-up included
  warmUp: 30s
  manifests: [manifests/web.yaml]
  workloads:
    - selector: app=web
      serviceTime: lognormal(p50=5ms, p99=40ms)
  traffic:
    - name: visitors
      to: http://web.shop.svc
      arrivals: poisson(100/s)
  thresholds:
    - requests.error_rate{traffic=visitors} < 0.1%
    - requests.latency.p99{traffic=visitors} < 100ms
`,
  manifests: { 'web.yaml': webManifest({ replicas: 3 }) },
}
