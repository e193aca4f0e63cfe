import { type Template, webManifest } from '../template.ts'

export const PROXY_MODES: Template = {
  name: 'proxy-modes',
  summary: 'iptables, IPVS and nftables beside 5,000 other Services',
  look: [
    'How long is the longest sync of each mode, and how long until every node knows of an endpoint (endpoint propagation)?',
    'What does a first packet that walks a list of rules pay for it?',
  ],
  scenario: `# kube-proxy in three modes, in a cluster with 5,000 other Services, while pods are replaced.
apiVersion: towtank/v1
kind: Scenario
metadata: { name: proxy-modes }
spec:
  duration: 75s
  warmUp: 30s
  cluster:
    nodes: [{ count: 3 }]
    otherServices: { count: 5000, endpoints: 3 }
  manifests: [manifests/web.yaml]
  workloads:
    - selector: app=web
      serviceTime: exp(3ms)
      startUp: 1s
  traffic:
    - name: shoppers
      to: http://web.shop.svc
      arrivals: poisson(200/s)
  timeline:
    - { at: 40s, kubectl: rollout restart deployment/web -n shop }
  thresholds:
    - requests.error_rate{traffic=shoppers} < 10%
  compare:
    iptables: { cluster.kubeProxy.mode: iptables }
    ipvs: { cluster.kubeProxy.mode: ipvs }
    nftables: { cluster.kubeProxy.mode: nftables }
`,
  manifests: { 'web.yaml': webManifest({ replicas: 3 }) },
}
