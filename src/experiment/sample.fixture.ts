/** A small scenario in memory: two pods, 20 requests a second for 8 s. */
export const SAMPLE_FILES: Readonly<Record<string, string>> = {
  'lab/web.yaml': `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: 'web:v1', ports: [{ containerPort: 8080 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`,
  'lab/small.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small }
spec:
  duration: 28s
  warmUp: 20s
  cluster: { nodes: [{ count: 2 }] }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, serviceTime: exp(5ms), startUp: 1s }]
  traffic: [{ name: users, to: "http://web.default.svc", arrivals: poisson(20/s) }]
  thresholds: ["requests.error_rate < 5%"]
  compare: { tables: { cluster.kubeProxy.mode: iptables }, hash: { cluster.kubeProxy.mode: ipvs } }
`,
}
