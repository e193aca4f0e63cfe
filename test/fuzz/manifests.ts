import type { Dice } from './dice.ts'
import type { WorkloadKind, World } from './world.ts'

/** A workload and the Service before it, as YAML. `index` makes its name. */
export function manifestOf(world: World, index: number): string {
  const { dice } = world
  const name = `app-${index + 1}`
  const kind: WorkloadKind = dice.chance(0.55) ? 'Deployment' : dice.pick(['StatefulSet', 'DaemonSet', 'Job'])
  const autoscaled = (kind === 'Deployment' || kind === 'StatefulSet') && dice.chance(0.15)
  world.workloads.push({ kind, name, autoscaled, deleted: false })
  const batch = kind === 'Job'
  return `apiVersion: ${batch ? 'batch' : 'apps'}/v1
kind: ${kind}
metadata: { name: ${name} }
spec:
${SPECS[kind](dice)}${batch ? '' : `\n  selector: { matchLabels: { app: ${name} } }`}
  template:
    metadata: { labels: { app: ${name}, ${batch ? 'batch' : 'fuzz'}: "yes" } }
    spec:
${podOf(dice, name, batch)}
---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec:
  type: ${dice.pick(['NodePort', 'LoadBalancer'])}
  selector: { app: ${name} }
  ports: [{ port: 80, targetPort: 8080 }]
${autoscaled ? autoscalerOf(dice, kind, name) : ''}`
}

function autoscalerOf(dice: Dice, kind: WorkloadKind, name: string): string {
  const min = dice.between(1, 3)
  const rules = (): string =>
    dice.pick([
      '{ selectPolicy: Disabled }',
      '{ policies: [{ type: Pods, value: 1, periodSeconds: 30 }] }',
      '{ stabilizationWindowSeconds: 60 }',
    ])
  const target = dice.pick(['{ type: Utilization, averageUtilization: 60 }', '{ type: AverageValue, averageValue: 80Mi }'])
  return `---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: ${name} }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: ${kind}, name: ${name} }
  minReplicas: ${min}
  maxReplicas: ${min + dice.between(0, 4)}
  metrics: [{ type: Resource, resource: { name: ${target.includes('Mi') ? 'memory' : dice.pick(['cpu', 'memory'])}, target: ${target} } }]
${dice.chance(0.4) ? `  behavior: { scaleUp: ${rules()}, scaleDown: ${rules()} }\n` : ''}`
}

const SPECS: Readonly<Record<WorkloadKind, (dice: Dice) => string>> = {
  Deployment: (dice) => {
    const percentOrCount = (): string => dice.pick(['25%', '50%', '100%', '1', '2'])
    const rolling = `{ type: RollingUpdate, rollingUpdate: { maxSurge: ${percentOrCount()}, maxUnavailable: ${percentOrCount()} } }`
    return `  replicas: ${dice.between(0, 6)}
  minReadySeconds: ${dice.chance(0.3) ? dice.between(1, 10) : 0}
  strategy: ${dice.chance(0.85) ? rolling : '{ type: Recreate }'}`
  },
  StatefulSet: (dice) => `  replicas: ${dice.between(0, 5)}
  serviceName: none
  podManagementPolicy: ${dice.pick(['OrderedReady', 'Parallel'])}`,
  DaemonSet: (dice) =>
    `  updateStrategy: { type: RollingUpdate, rollingUpdate: ${dice.pick(['{ maxUnavailable: 1 }', '{ maxSurge: 1, maxUnavailable: 0 }', '{ maxUnavailable: 50% }'])} }`,
  Job: (dice) => `  completions: ${dice.between(1, 6)}
  parallelism: ${dice.between(1, 4)}
  backoffLimit: ${dice.between(0, 6)}`,
}

function podOf(dice: Dice, name: string, batch: boolean): string {
  const probe =
    dice.chance(0.7) && !batch
      ? `
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: ${dice.between(1, 10)} }`
      : ''
  const grace = dice.between(1, 30)
  const preStop = dice.chance(0.3)
    ? `
          lifecycle: { preStop: { sleep: { seconds: ${dice.between(1, grace)} } } }`
    : ''
  const init = dice.chance(0.2)
    ? `
      initContainers: [{ name: init, image: example/init:v1 }]`
    : ''
  return `      terminationGracePeriodSeconds: ${grace}
      restartPolicy: ${batch ? dice.pick(['Never', 'OnFailure']) : 'Always'}${init}
      containers:
        - name: server
          image: example/${name}:v1
          ports: [{ containerPort: 8080 }]
          resources: { requests: { cpu: ${dice.between(10, 300)}m, memory: 64Mi } }${probe}${preStop}`
}

/** What a namespace may say of all its pods: limits, quotas, and who may do what. */
export function policiesOf(world: World): string[] {
  const { dice } = world
  const policies: string[] = []
  if (dice.chance(0.4)) {
    world.quotaPods = dice.between(2, 12)
    policies.push(`apiVersion: v1
kind: ResourceQuota
metadata: { name: quota }
spec: { hard: { pods: "${world.quotaPods}", requests.cpu: "${dice.between(2, 8)}", services: "20", count/deployments.apps: "10" } }
`)
  }
  if (dice.chance(0.25))
    policies.push(`apiVersion: v1
kind: LimitRange
metadata: { name: range }
spec: { limits: [{ type: Container, defaultRequest: { cpu: ${dice.between(10, 200)}m }, default: { memory: 128Mi } }] }
`)
  if (dice.chance(0.25))
    policies.push(`apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: { name: usual }
value: ${dice.between(1, 1000)}
globalDefault: true
`)
  if (dice.chance(0.25))
    policies.push(`apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: { name: viewers }
subjects: [{ kind: User, name: jane, apiGroup: rbac.authorization.k8s.io }]
roleRef: { kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io }
`)
  return policies
}
