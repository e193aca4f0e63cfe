/** What `towtank init` writes: a scenario that runs, shows something, and passes its thresholds. */
export interface Template {
  readonly name: string
  /** One line, for the list of choices and the README of the folder. */
  readonly summary: string
  /** What to look at in the result, a sentence a line. */
  readonly look: readonly string[]
  /** Without the line that names the schema. */
  readonly scenario: string
  /** By name within `manifests/`. */
  readonly manifests: Readonly<Record<string, string>>
}

/** What a Deployment with a Service looks like, with what differs between templates. */
export interface WebOptions {
  readonly replicas: number
  /** Lines of the container, indented as they stand there. */
  readonly container?: string
  /** Lines of the pod's spec. */
  readonly pod?: string
}

/** A web server of two objects in the namespace `shop`. */
export function webManifest({ replicas, container = '', pod = '' }: WebOptions): string {
  return `apiVersion: v1
kind: Namespace
metadata:
  name: shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  replicas: ${replicas}
  selector:
    matchLabels: { app: web }
  template:
    metadata:
      labels: { app: web }
    spec:
${pod}      containers:
        - name: web
          image: shop/web:v1
          ports:
            - containerPort: 8080
          readinessProbe:
            tcpSocket: { port: 8080 }
            periodSeconds: 2
${container}---
apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: shop
spec:
  type: LoadBalancer
  selector: { app: web }
  ports:
    - { port: 80, targetPort: 8080 }
`
}
