import { type Template, webManifest } from '../template.ts'

export const SLOW_POD: Template = {
  name: 'slow-pod',
  summary: 'one of four pods becomes slow: which way of choosing a pod avoids it?',
  look: [
    'iptables goes on sending every fourth connection to the slow pod.',
    'IPVS with least connections (lc) sends it less: compare the 99th percentiles.',
  ],
  scenario: `# One of four pods takes twenty times as long. Which way of choosing a pod avoids it?
apiVersion: towtank/v1
kind: Scenario
metadata: { name: slow-pod }
spec:
  duration: 90s
  warmUp: 30s
  cluster:
    nodes: [{ count: 2 }]
  manifests: [manifests/web.yaml]
  workloads:
    - selector: app=web
      serviceTime: exp(5ms)
      concurrency: 16
  traffic:
    - name: shoppers
      to: http://web.shop.svc
      arrivals: poisson(200/s)
  timeline:
    - { at: 40s, fault: { kind: pod-slow, pods: app=web, namespace: shop, mode: one, factor: 20 } }
  thresholds:
    - requests.error_rate{traffic=shoppers} < 1%
  compare:
    iptables: { cluster.kubeProxy.mode: iptables }
    ipvs-rr: { cluster.kubeProxy.mode: ipvs, cluster.kubeProxy.scheduler: rr }
    ipvs-lc: { cluster.kubeProxy.mode: ipvs, cluster.kubeProxy.scheduler: lc }
`,
  manifests: { 'web.yaml': webManifest({ replicas: 4 }) },
}
