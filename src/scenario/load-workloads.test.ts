import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const app = (name: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: shop }
spec:
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers: [{ name: server, image: '${name}:v1', ports: [{ containerPort: 8080 }] }]
---
apiVersion: v1
kind: Service
metadata: { name: ${name}, namespace: shop }
spec: { selector: { app: ${name} }, ports: [{ port: 80 }] }
`

/** A scenario of three apps `a`, `b` and `c`, with these workloads. */
function load(workloads: string) {
  return loadScenario(
    'scenario.yaml',
    memoryFiles({
      'scenario.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: shop }
spec:
  manifests: [shop.yaml]
  workloads:
${workloads}
`,
      'shop.yaml': `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n---\n${['a', 'b', 'c'].map(app).join('---\n')}`,
    }),
  )
}

/** The workloads of a scenario without mistakes. */
async function workloads(text: string) {
  const loaded = await load(text)
  if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join('\n'))
  return loaded.variants[0]!.scenario.workloads
}

/** `line:column message [accepted]` of every mistake. */
async function mistakes(text: string): Promise<readonly string[]> {
  const loaded = await load(text)
  return loaded.ok
    ? []
    : loaded.problems.map(
        ({ line, column, message, accepted }) => `${line}:${column} ${message}${accepted === null ? '' : ` [${accepted}]`}`,
      )
}

describe('errors', () => {
  test('are a share, with the code 500 when none is given', async () => {
    const [a, b] = await workloads(`    - { selector: app=a, errors: { probability: 1% } }
    - { selector: app=b, errors: { probability: 0.5, code: 503 } }`)
    expect([a!.errors, b!.errors]).toEqual([
      { probability: 0.01, code: 500 },
      { probability: 0.5, code: 503 },
    ])
  })

  test('of a share that is none are a mistake, and so are those of an ingress controller', async () => {
    expect(
      await mistakes(`    - { selector: app=a, errors: { probability: 5 } }
    - { selector: app=b, ingressController: {}, errors: { probability: 1% } }`),
    ).toEqual([
      '7:49 "5" is more than everything [a share, such as 1% or 0.01]',
      '8:57 An ingress controller has no "errors": it passes requests on ["errors" of the pods behind it]',
    ])
  })
})
