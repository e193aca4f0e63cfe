import { expect, test } from 'vitest'
import { readManifests } from '../manifest.ts'

async function read(spec: string, version = 'v2') {
  const text = `apiVersion: autoscaling/${version}\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: ${spec}\n`
  const { objects, problems, warnings } = await readManifests([{ path: 'hpa.yaml', text }])
  return { object: objects[0]?.object, problems: problems.map(({ message }) => message), warnings: warnings.map(({ message }) => message) }
}

const TARGET = 'scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }'

// Source: pkg/apis/autoscaling/v2/defaults.go: minReplicas 1, CPU at 80 %, and no behaviour where none is written.
test('what the API server fills in', async () => {
  const { object, problems, warnings } = await read(`{ ${TARGET}, maxReplicas: 5 }`)
  expect([problems, warnings.filter((text) => !text.includes('not read'))]).toEqual([[], []])
  expect(object).toMatchObject({
    apiVersion: 'autoscaling/v2',
    spec: {
      scaleTargetRef: { kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: 5,
      metrics: [{ type: 'Resource', resource: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } }],
      behavior: null,
    },
  })
})

test('a version 1 object becomes one of version 2', async () => {
  const { object, problems } = await read(`{ ${TARGET}, maxReplicas: 5, targetCPUUtilizationPercentage: 50 }`, 'v1')
  expect(problems).toEqual([])
  expect(object).toMatchObject({ apiVersion: 'autoscaling/v2', spec: { metrics: [{ target: { averageUtilization: 50 } }] } })
})

// Source: defaults.go: the greater of 4 pods and 100 % per 15 s up; 100 % per 15 s down.
test('a behaviour that is written gets the default policies where it has none', async () => {
  const { object } = await read(`{ ${TARGET}, maxReplicas: 5, behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } }`)
  const up = { stabilizationWindowSeconds: 0, selectPolicy: 'Max' }
  expect(object).toMatchObject({ spec: { behavior: { scaleUp: up, scaleDown: { stabilizationWindowSeconds: 60 } } } })
})

test('memory in bytes is kept in thousandths of a byte', async () => {
  const metric = '{ type: Resource, resource: { name: memory, target: { type: AverageValue, averageValue: 1Mi } } }'
  const { object } = await read(`{ ${TARGET}, maxReplicas: 5, metrics: [${metric}] }`)
  expect(object).toMatchObject({ spec: { metrics: [{ resource: 'memory', target: { averageMilli: 1_048_576_000 } }] } })
})

test('a metric that nothing serves is kept, with a warning', async () => {
  const metric = '{ type: Pods, pods: { metric: { name: qps }, target: { type: AverageValue, averageValue: 10 } } }'
  const { object, problems, warnings } = await read(`{ ${TARGET}, maxReplicas: 5, metrics: [${metric}] }`)
  expect(problems).toEqual([])
  expect(object).toMatchObject({ spec: { metrics: [{ type: 'Pods', name: 'qps' }] } })
  expect(warnings[0]).toBe('HorizontalPodAutoscaler spec.metrics[]: no adapter serves metrics of the type Pods, so this one always fails')
})

const CPU = 'type: Resource, resource: { name: cpu, target: { type: Utilization'

test.each([
  ['{ maxReplicas: 1, scaleTargetRef: { kind: "", name: web } }', '"scaleTargetRef" needs a "kind"'],
  [`{ ${TARGET}, maxReplicas: 0 }`, 'Cannot use 0 for "maxReplicas"'],
  [`{ ${TARGET}, maxReplicas: 2, minReplicas: 0 }`, 'Cannot use 0 for "minReplicas"'],
  [`{ ${TARGET}, maxReplicas: 2, minReplicas: 3 }`, '"maxReplicas" must not be below "minReplicas", which is 3'],
  [`{ ${TARGET}, maxReplicas: 2, metrics: [{ type: Cpu }] }`, 'Cannot use "Cpu" for "type"'],
  [`{ ${TARGET}, maxReplicas: 2, metrics: [{ type: Resource }] }`, 'A metric of the type "Resource" needs "resource"'],
  [`{ ${TARGET}, maxReplicas: 2, metrics: [{ ${CPU} } } }] }`, '"target" needs "averageUtilization" or "averageValue"'],
  [`{ ${TARGET}, maxReplicas: 2, metrics: [{ ${CPU}, averageUtilization: 0 } } }] }`, 'Cannot use 0 for "averageUtilization"'],
  [
    `{ ${TARGET}, maxReplicas: 2, metrics: [{ ${CPU}, averageUtilization: 9, averageValue: 1 } } }] }`,
    '"averageUtilization" and "averageValue" must not both be given',
  ],
  [`{ ${TARGET}, maxReplicas: 2, behavior: { scaleUp: { policies: [] } } }`, '"policies" must have at least one policy where it is given'],
  [
    `{ ${TARGET}, maxReplicas: 2, behavior: { scaleUp: { policies: [{ type: Pods, value: 1, periodSeconds: 1801 }] } } }`,
    'Cannot use 1801 for "periodSeconds"',
  ],
  [
    `{ ${TARGET}, maxReplicas: 2, behavior: { scaleDown: { stabilizationWindowSeconds: 3601 } } }`,
    'Cannot use 3601 for "stabilizationWindowSeconds"',
  ],
  [`{ ${TARGET}, maxReplicas: 2, behavior: { scaleDown: { selectPolicy: Most } } }`, 'Cannot use "Most" for "selectPolicy"'],
])('%s is refused', async (spec, message) => {
  const { problems } = await read(spec)
  expect(problems).toContain(message)
})
