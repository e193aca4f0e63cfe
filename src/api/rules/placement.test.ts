import { describe, expect, test } from 'vitest'
import { readManifests } from '../manifest.ts'
import type { Pod } from '../objects/index.ts'

async function read(spec: string, hostPort = 8080) {
  const text = `apiVersion: v1
kind: Pod
metadata: {name: p, labels: {app: web}}
spec:
  containers: [{name: c, image: c:v1, ports: [{containerPort: 80, hostPort: ${hostPort}, hostIP: 10.0.0.1}]}]
${spec}`
  const { objects, problems, warnings } = await readManifests([{ path: 'p.yaml', text }])
  return {
    pod: objects[0]?.object as Pod | undefined,
    problems: problems.map(({ message }) => message),
    warnings: warnings.map(({ message }) => message),
  }
}

const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'

test('what a pod says of its place is read, without a warning', async () => {
  const { pod, problems, warnings } = await read(`
  preemptionPolicy: Never
  overhead: {cpu: 50m}
  affinity:
    nodeAffinity:
      ${required}: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}]}
      ${preferred}: [{weight: 5, preference: {matchExpressions: [{key: disk, operator: Exists}]}}]
    podAntiAffinity:
      ${required}: [{labelSelector: {matchLabels: {app: web}}, topologyKey: zone, namespaceSelector: {}, matchLabelKeys: [v]}]
  topologySpreadConstraints: [{maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, minDomains: 3}]
`)
  expect([problems, warnings]).toEqual([[], []])
  expect(pod!.spec).toMatchObject({
    preemptionPolicy: 'Never',
    overhead: { cpuMilli: 50 },
    requiredNodeAffinity: [{ matchExpressions: [], matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n1'] }] }],
    preferredNodeAffinity: [{ weight: 5, term: { matchExpressions: [{ key: 'disk', operator: 'Exists', values: [] }] } }],
    podAntiAffinity: {
      required: [
        {
          selector: { matchLabels: { app: 'web' }, matchExpressions: [] },
          namespaceSelector: { matchLabels: {}, matchExpressions: [] },
          topologyKey: 'zone',
          matchLabelKeys: ['v'],
        },
      ],
      preferred: [],
    },
    topologySpreadConstraints: [{ maxSkew: 2, minDomains: 3, selector: null, nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Ignore' }],
  })
  expect(pod!.spec.containers[0]!.ports[0]).toMatchObject({ hostPort: 8080, hostIP: '10.0.0.1' })
})

test('with the network of the host, every container port is a port of the host', async () => {
  const { pod } = await read('  hostNetwork: true\n  initContainers: [{name: i, image: i:v1, ports: [{containerPort: 90}]}]', 80)
  expect(pod!.spec.initContainers[0]!.ports[0]).toMatchObject({ containerPort: 90, hostPort: 90 })
})

describe('what the API server refuses is refused', () => {
  const affinity = (kind: string, list: string, term: string) => `  affinity: {${kind}: {${list}: [${term}]}}`
  const spread = (fields: string) =>
    `  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: DoNotSchedule, ${fields}}]`
  test.each([
    ['no topologyKey', affinity('podAffinity', required, '{labelSelector: {}}'), '"topologyKey" is missing'],
    ['an empty topologyKey', affinity('podAffinity', required, '{topologyKey: ""}'), '"topologyKey" is empty'],
    [
      'a weight of 101',
      affinity('podAffinity', preferred, '{weight: 101, podAffinityTerm: {topologyKey: z}}'),
      'Cannot use 101 for "weight"',
    ],
    [
      'a bad selector',
      affinity('podAffinity', required, '{topologyKey: z, labelSelector: {matchExpressions: [{key: a, operator: In}]}}'),
      'needs at least one value',
    ],
    [
      'a bad operator',
      affinity('podAffinity', required, '{topologyKey: z, labelSelector: {matchExpressions: [{key: a, operator: Gt, values: ["1"]}]}}'),
      'Cannot use "Gt" for "operator"',
    ],
    [
      'a key asked for and excluded',
      affinity('podAffinity', required, '{topologyKey: z, labelSelector: {}, matchLabelKeys: [a], mismatchLabelKeys: [a]}'),
      'is in "mismatchLabelKeys" as well',
    ],
    ['keys without a selector', affinity('podAffinity', required, '{topologyKey: z, matchLabelKeys: [a]}'), 'needs a "labelSelector"'],
    ['no node term', `  affinity: {nodeAffinity: {${required}: {nodeSelectorTerms: []}}}`, 'needs at least one of "nodeSelectorTerms"'],
    [
      'a node operator',
      `  affinity: {nodeAffinity: {${required}: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Has}]}]}}}`,
      'Cannot use "Has" for "operator"',
    ],
    [
      'Gt with a word',
      `  affinity: {nodeAffinity: {${required}: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Gt, values: [x]}]}]}}}`,
      'a whole number',
    ],
    [
      'another field of a node',
      `  affinity: {nodeAffinity: {${required}: {nodeSelectorTerms: [{matchFields: [{key: spec.x, operator: In, values: [a]}]}]}}}`,
      'as a field of a node',
    ],
    [
      'a skew of 0',
      '  topologySpreadConstraints: [{maxSkew: 0, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]',
      'Cannot use 0 for "maxSkew"',
    ],
    [
      'an unknown action',
      '  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: Maybe}]',
      'Cannot use "Maybe" for "whenUnsatisfiable"',
    ],
    ['minDomains of 0', spread('minDomains: 0'), 'Cannot use 0 for "minDomains"'],
    [
      'minDomains of a soft constraint',
      '  topologySpreadConstraints: [{maxSkew: 1, topologyKey: zone, whenUnsatisfiable: ScheduleAnyway, minDomains: 2}]',
      '"minDomains" needs',
    ],
    [
      'a key that the selector has',
      spread('labelSelector: {matchLabels: {app: web}}, matchLabelKeys: [app]'),
      'is in "labelSelector" as well',
    ],
    ['a policy', spread('nodeTaintsPolicy: Perhaps'), 'Cannot use "Perhaps" for "nodeTaintsPolicy"'],
    [
      'the same constraint twice',
      `${spread('minDomains: 1').slice(0, -1)}, {maxSkew: 2, topologyKey: zone, whenUnsatisfiable: DoNotSchedule}]`,
      'is given twice',
    ],
    ['a preemption policy', '  preemptionPolicy: Always', 'Cannot use "Always" for "preemptionPolicy"'],
    [
      'a host port twice',
      '  initContainers: [{name: i, image: i:v1, restartPolicy: Always, ports: [{containerPort: 1, hostPort: 8080, hostIP: 10.0.0.1}]}]',
      'The host port 8080 is used twice',
    ],
  ])('%s', async (_name, spec, problem) => {
    const { problems } = await read(spec)
    expect(problems.filter((message) => message.includes(problem))).toHaveLength(1)
    expect(problems).toHaveLength(1)
  })
})
