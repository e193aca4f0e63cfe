import { expect, test } from 'vitest'
import { z } from 'zod'
import { scenarioSchema } from './schema.ts'

interface JsonSchema {
  readonly type?: string
  readonly description?: string
  readonly default?: unknown
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly additionalProperties?: unknown
  readonly required?: readonly string[]
}

test('the form of a scenario can be given to editors as JSON Schema, with what every key means', () => {
  const json = z.toJSONSchema(scenarioSchema) as JsonSchema
  expect(json.required).toEqual(['apiVersion', 'kind', 'metadata', 'spec'])
  expect(json.additionalProperties).toBe(false)
  const spec = json.properties!.spec!.properties!
  expect(Object.keys(spec)).toEqual([
    'seed',
    'duration',
    'warmUp',
    'cluster',
    'manifests',
    'workloads',
    'traffic',
    'timeline',
    'thresholds',
    'compare',
  ])
  expect(spec.duration).toMatchObject({ type: 'string', default: '5m' })
  for (const [key, schema] of Object.entries(spec)) if (key !== 'cluster') expect(schema.description, key).toBeTruthy()
})
