import { compile } from 'json-schema-to-typescript'
import { z } from 'zod'
import { scenarioSchema } from '../scenario/schema.ts'

/** The file whose text {@link scenarioTypes} gives. */
export const SCENARIO_TYPES_FILE = 'src/library/scenario-spec.ts'

interface JsonSchema {
  [key: string]: unknown
}

/** TypeScript of the fields of a scenario, with their descriptions, from the schema that checks them: types of zod would need zod to read. */
export async function scenarioTypes(): Promise<string> {
  const whole = z.toJSONSchema(scenarioSchema, { io: 'input' }) as unknown as { readonly properties: { readonly spec: JsonSchema } }
  const spec = told(whole.properties.spec) as JsonSchema
  return compile(
    { ...spec, title: 'ScenarioSpec', description: 'The fields of a scenario: what `spec` of a scenario file holds.' },
    'ScenarioSpec',
    {
      bannerComment: '/** Written by `npm run docs` from the schema of scenario files: see src/docs/scenario-types.ts. */',
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      style: { singleQuote: true, semi: false, printWidth: 140, trailingComma: 'all' },
    },
  )
}

/** The schema with each default told in its description, without the bounds that no type can say. */
function told(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(told)
  if (typeof schema !== 'object' || schema === null) return schema
  const { description, default: fallback, examples: _examples, minItems: _minItems, maxItems: _maxItems, ...rest } = schema as JsonSchema
  const below = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => {
      // Names of fields, which may be those of keywords.
      if (key === 'properties')
        return [key, Object.fromEntries(Object.entries(value as JsonSchema).map(([name, field]) => [name, told(field)]))]
      return [key, key === 'enum' || key === 'required' ? value : told(value)]
    }),
  )
  const means = fallback === undefined ? '' : `. Default: \`${typeof fallback === 'object' ? JSON.stringify(fallback) : fallback}\``
  return typeof description === 'string' ? { ...below, description: `${description}${means}` } : below
}
