import { readFileSync } from 'node:fs'
import { expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import type { ScenarioSpec } from '../library/scenario-spec.ts'
import type { scenarioSchema } from '../scenario/schema.ts'
import { SCENARIO_TYPES_FILE, scenarioTypes } from './scenario-types.ts'

test('the types of scenarios are what the schema gives; if not, "npm run docs" writes them', async () => {
  const written = readFileSync(SCENARIO_TYPES_FILE, 'utf8')
  expect(written).toBe(await scenarioTypes())
  for (const told of ['Simulated time of the whole run, warm-up included. Default: `5m`', "kind: 'node-crash'"])
    expect(written).toContain(told)
})

/** Judged by the compiler: what one accepts the other does. */
test('the types of scenarios accept what the schema does, and nothing else', () => {
  type Schema = z.input<typeof scenarioSchema>['spec']
  type WithoutUndefined<T> = T extends readonly (infer E)[]
    ? WithoutUndefined<E>[]
    : T extends object
      ? { [K in keyof T]: WithoutUndefined<Exclude<T[K], undefined>> }
      : T
  expectTypeOf<ScenarioSpec>().toExtend<Schema>()
  expectTypeOf<WithoutUndefined<Omit<Schema, 'cluster'>>>().toExtend<Omit<ScenarioSpec, 'cluster'>>()
  // To the schema's type a version is any text, to ours one of those that there are.
  type Cluster<T extends { cluster?: unknown }> = Omit<NonNullable<T['cluster']>, 'version'>
  expectTypeOf<WithoutUndefined<Cluster<Schema>>>().toExtend<Cluster<ScenarioSpec>>()
  // @ts-expect-error No such field.
  const wrong: ScenarioSpec = { duratoin: '5m' }
  expect(wrong).toBeDefined()
})
