import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readManifests } from './manifest.ts'

/** Texts with everything in them that the reader treats in its own way. */
const TEXTS = [
  `# a comment
apiVersion: apps/v1
kind: Deployment
metadata: &meta
  name: web
  labels: {app: web}
spec:
  replicas: 3
  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 25%}}
  selector:
    matchLabels: {app: web}
    matchExpressions:
    - {key: app, operator: In, values: [web]}
  template:
    metadata: *meta
    spec:
      tolerations: [{key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 5}]
      containers:
      - name: server
        image: "shop/web:v1"
        command:
        - sh
        - |
          exec web
        ports: [{containerPort: 8080, name: http}]
        resources: {requests: {cpu: 100m, memory: 64Mi}, limits: {cpu: 1}}
        readinessProbe: {httpGet: {path: /, port: http}, periodSeconds: 5}
        lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
---
<<: {apiVersion: v1, kind: Service}
metadata: {name: web}
spec:
  ports: [{port: 80, targetPort: http}]
  selector: {app: web}
`,
  `{"apiVersion": "v1", "kind": "List", "items": [
  {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}},
  {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"capacity": {"cpu": "4", "pods": "110"}}},
  {"apiVersion": "x.io/v1", "kind": "Thing", "metadata": {"name": "t"}, "spec": [1, null, true]}
]}`,
]

const PIECES = [
  ...['', ' ', '\n', '\n  ', '\t', ':', ': ', '- ', '? ', '-', '{', '}', '[', ']', ',', '"', "'", '|', '>', '&a ', '*a', '*meta', '<<: '],
  ...[
    '---\n',
    '...\n',
    '#',
    '%',
    '!',
    '!!str ',
    '@',
    '`',
    '~',
    'null',
    'true',
    '0',
    '-1',
    '1e999',
    '.nan',
    '0x',
    'é',
    '\u{1f600}',
    '\u0000',
  ],
  ...['__proto__', 'constructor', 'toString', '{a: {a: {a: ', 'kind: List\nitems:\n', 'metadata: [', '\r\n', '\\', '65536', '"\\u12"'],
]

interface Edit {
  readonly at: number
  readonly remove: number
  readonly piece: string
}

function edited(text: string, edits: readonly Edit[]): string {
  return edits.reduce((so, { at, remove, piece }) => {
    const start = at % (so.length + 1)
    return so.slice(0, start) + piece + so.slice(start + remove)
  }, text)
}

const edits = fc.array(
  fc.record({
    at: fc.nat(100_000),
    remove: fc.oneof(fc.constant(0), fc.nat(3), fc.nat(40)),
    piece: fc.oneof(fc.constantFrom(...PIECES), fc.string({ maxLength: 5 })),
  }),
  { minLength: 1, maxLength: 8 },
)

// Method: valid texts are cut and pasted into at random. Whatever comes out, reading ends, throws nothing, and points into the text.
test('a broken text is never more than a list of problems, each within the text', async () => {
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...TEXTS), edits, async (text, changes) => {
      const broken = edited(text, changes)
      const lines = broken.split('\n')
      const { objects, problems, warnings } = await readManifests([{ path: 'x.yaml', text: broken }])
      if (problems.length > 0) refused += 1
      for (const { line, column, length, message } of problems) {
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(lines.length)
        expect(column).toBeGreaterThanOrEqual(1)
        expect(column).toBeLessThanOrEqual(lines[line - 1]!.length + 1)
        expect(length).toBeGreaterThanOrEqual(1)
        expect(message).not.toBe('')
      }
      for (const { line } of [...objects, ...warnings]) {
        expect(line).toBeGreaterThanOrEqual(1)
        expect(line).toBeLessThanOrEqual(lines.length)
      }
    }),
    { numRuns: 1500, seed: 1 },
  )
  expect(refused).toBeGreaterThan(500)
})

test('the unbroken texts have no problem', async () => {
  const { problems } = await readManifests(TEXTS.map((text, index) => ({ path: `${index}`, text })))
  expect(problems).toEqual([])
})
