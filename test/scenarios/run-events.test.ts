import { expect, test } from 'vitest'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { measuresOf } from '../../src/scenario/measures.ts'
import { parseThreshold } from '../../src/scenario/parse-threshold.ts'
import { simulate } from '../../src/scenario/simulate.ts'

/**
 * The timeline as events.csv tells it. Pods start within 3 s; the update is given at 30 s, a second one before that is over, so that the
 * first never comes to its end; the crash of 20 s outlasts the run.
 */
const POD = (name: string, kind: string, extra = '') => `apiVersion: apps/v1
kind: ${kind}
metadata: { name: ${name} }
spec:${extra}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec: { containers: [{ name: main, image: 'app:v1', ports: [{ containerPort: 80 }], readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 1 } }] }
`

const FILES = {
  'app.yaml': [
    POD('web', 'Deployment', '\n  replicas: 2'),
    POD('store', 'StatefulSet', '\n  replicas: 2\n  serviceName: store'),
    POD('agent', 'DaemonSet'),
    'apiVersion: v1\nkind: Service\nmetadata: { name: store }\nspec: { clusterIP: None, selector: { app: store }, ports: [{ port: 80 }] }\n',
    'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80 }] }\n',
  ].join('---\n'),
  'run.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: events }
spec:
  duration: 100s
  cluster: { nodes: [{ count: 3, cpu: 8, memory: 8Gi }] }
  manifests: [app.yaml]
  workloads:
    - { selector: app=web, serviceTime: 1ms, startUp: 2s }
    - { selector: app=store, serviceTime: 1ms, startUp: 2s }
    - { selector: app=agent, serviceTime: 1ms, startUp: 2s }
  traffic: [{ name: users, to: "http://web.default.svc", arrivals: poisson(5/s) }]
  timeline:
    - { at: 30s, kubectl: "set image deployment/web main=app:v2" }
    - { at: 31s, kubectl: "set image deployment/web main=app:v3" }
    - { at: 50s, kubectl: "rollout restart statefulset/store" }
    - { at: 60s, kubectl: "delete deployment/web --as nobody" }
    - { at: 70s, fault: { kind: pod-kill, pods: app=web } }
    - { at: 90s, fault: { kind: node-crash, node: worker-1, for: 20s } }
`,
}

async function summaryAndEvents() {
  const loaded = await loadScenario('run.yaml', memoryFiles(FILES))
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  const { events, summary } = simulate(loaded.variants[0]!.scenario, { variant: 'only' })
  return { rows: [...events.rows], summary }
}

test('commands, rollouts and faults stand in the order of their start, with their end', async () => {
  const { rows } = await summaryAndEvents()
  const short = rows.map(([started, ended, kind, name, outcome, detail]) => {
    const from = Math.round(Number(started))
    return `${from} ${ended === null ? 'never' : Number(ended) > Number(started) ? 'later' : 'at once'} ${kind} ${name}: ${outcome}${kind === 'rollout' ? `, ${detail}` : ''}`
  })
  expect(short).toEqual([
    '0 later command apply of the manifests: done',
    '0 later rollout Deployment/default/web: done, created',
    '0 later rollout StatefulSet/default/store: done, created',
    '0 later rollout DaemonSet/default/agent: done, created',
    '30 later command kubectl set image deployment/web main=app:v2: done',
    '30 never rollout Deployment/default/web: unfinished, new template',
    '31 later command kubectl set image deployment/web main=app:v3: done',
    '31 later rollout Deployment/default/web: done, new template',
    '50 later command kubectl rollout restart statefulset/store: done',
    '50 later rollout StatefulSet/default/store: done, new template',
    '60 later command kubectl delete deployment/web --as nobody: refused',
    expect.stringMatching(/^70 at once fault pod-kill .*: took effect$/),
    '90 never fault node-crash worker-1 for 20s: took effect',
  ])
})

test('a rollout ends when all pods are of the new template and available', async () => {
  const { rows } = await summaryAndEvents()
  const took = (name: string, detail: string) => {
    const row = rows.findLast((candidate) => candidate[3] === name && candidate[5] === detail)!
    return Number(row[1]) - Number(row[0])
  }
  // One pod of the StatefulSet at a time: twice the start-up of 2 s, and the old ones need their time to end.
  expect(took('StatefulSet/default/store', 'new template')).toBeGreaterThan(4)
  expect(took('Deployment/default/web', 'new template')).toBeGreaterThan(2)
  expect(took('Deployment/default/web', 'created')).toBeLessThan(10)
})

test('measures are named as thresholds name them, and have the same value', async () => {
  const { summary } = await summaryAndEvents()
  const measures = measuresOf(summary)
  expect(measures.length).toBeGreaterThan(20)
  expect(new Set(measures.map(({ name }) => name)).size).toBe(measures.length)
  for (const { name, metric, unit } of measures) {
    const limit = unit === 'milliseconds' ? '1ms' : unit === 'perSecond' ? '1/s' : '1'
    const read = parseThreshold(`${name} < ${limit}`)
    expect(read.ok && read.value.metric, name).toBe(metric)
  }
  expect(measures.find(({ name }) => name === 'requests.sent{traffic=users}')?.value).toBe(summary.traffic[0]!.sent)
  expect(measures.find(({ name }) => name === 'deployments.available{deployment=web,namespace=default}')?.value).toBe(2)
})

test('a label that a threshold could not read bare is quoted', async () => {
  const { summary } = await summaryAndEvents()
  const [traffic] = summary.traffic
  const named = { ...summary, traffic: [{ ...traffic!, traffic: 'app=web -> store' }] }
  const name = measuresOf(named)[0]!.name
  expect(name).toBe('requests.sent{traffic="app=web -> store"}')
  const read = parseThreshold(`${name} < 1`)
  expect(read.ok && read.value.labels.traffic).toBe('app=web -> store')
})
