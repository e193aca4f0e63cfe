import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

/** The keys of a scenario, so that random documents come near to one. */
const KEYS = [
  'apiVersion',
  'kind',
  'metadata',
  'name',
  'spec',
  'cluster',
  'nodes',
  'count',
  'traffic',
  'to',
  'from',
  'timeline',
  'at',
  'kubectl',
  'fault',
  'compare',
  'thresholds',
  'manifests',
  'workloads',
  'selector',
  '__proto__',
  'constructor',
  '<<',
]

const VALUES = [
  '5m',
  'Scenario',
  'towtank/v1',
  'http://a.b.svc',
  'poisson(1/s)',
  'apply -f x.yaml',
  'delete pod/a',
  'app=a',
  'requests.sent > 1',
  'cluster.nodes.0.count',
  '',
]

const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...KEYS) }, { weight: 1, arbitrary: fc.string() })
const leaf = fc.oneof(
  fc.constantFrom(...VALUES),
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
)
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof({ depthSize: 'medium' }, leaf, fc.array(tie('tree'), { maxLength: 4 }), fc.dictionary(key, tie('tree'), { maxKeys: 8 })),
}))

async function check(text: string): Promise<void> {
  const result = await loadScenario('run.yaml', memoryFiles({ 'run.yaml': text }))
  const lines = text.split(/\r\n?|\n/)
  for (const problem of result.ok ? [] : result.problems) {
    expect(problem.line).toBeGreaterThanOrEqual(1)
    expect(problem.line).toBeLessThanOrEqual(lines.length)
    expect(problem.column).toBeGreaterThanOrEqual(1)
    expect(problem.length).toBeGreaterThanOrEqual(1)
    expect(problem.message).not.toMatch(/undefined|\[object|NaN/)
  }
}

test('whatever the document, loading ends with a scenario or with problems that have a place in it', async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (spec) => {
      await check(JSON.stringify({ apiVersion: 'towtank/v1', kind: 'Scenario', metadata: { name: 'a' }, spec }, null, 1))
      await check(JSON.stringify(spec))
    }),
    { numRuns: 150, seed: 1 },
  )
})

test('whatever the text, too', async () => {
  const pieces = fc.constantFrom(
    'a',
    ':',
    ' ',
    '\n',
    '  ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a',
    '*a',
    '|',
    '>',
    '#',
    '\t',
    '?',
    '!',
    '%',
    '---\n',
    'spec:',
    '<<:',
    ',',
  )
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), async (parts) => check(parts.join(''))),
    { numRuns: 500, seed: 2 },
  )
})
