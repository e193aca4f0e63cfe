import { expect, test } from 'vitest'
import { memoryFiles } from '../scenario/load-files.ts'
import { simulate } from '../scenario/simulate.ts'
import { EXIT } from './exit-codes.ts'
import type { JobEvent, TraceJob } from './jobs.ts'
import { traceJob } from './trace-job.ts'

const FILES = {
  'run.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small }
spec:
  duration: 40s
  manifests: [web.yaml]
  cluster: { images: { preloaded: true } }
  compare: { iptables: {}, ipvs: { cluster.kubeProxy.mode: ipvs } }
`,
  'web.yaml': ['a', 'b']
    .map(
      (namespace) => `apiVersion: v1
kind: Namespace
metadata: { name: ${namespace} }
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: ${namespace} }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web:v1 }] }
`,
    )
    .join('---\n'),
}

async function trace(changes: Partial<TraceJob>) {
  const events: JobEvent[] = []
  const job: TraceJob = {
    kind: 'trace',
    file: 'run.yaml',
    object: 'deploy/web',
    namespace: 'a',
    variant: null,
    seed: null,
    all: false,
    language: 'en',
    ...changes,
  }
  const code = await traceJob(job, { simulate, files: memoryFiles(FILES), tell: (event) => events.push(event) })
  return { code, last: events.at(-1)! }
}

test.each([
  ['deploy/web', 'a', 'Deployment/a/web'],
  ['deployment/b/web', null, 'Deployment/b/web'],
  ['Deployment/web', 'b', 'Deployment/b/web'],
  ['ns/a', null, 'Namespace/a'],
])('the story of %s in %s is that of %s', async (object, namespace, expected) => {
  const { code, last } = await trace({ object, namespace })
  expect(code).toBe(EXIT.passed)
  expect(last).toMatchObject({ kind: 'story', scenario: 'small', variant: 'iptables', object: expected })
  expect(last.kind === 'story' && last.lines.join('\n')).toContain(expected)
})

test('a story is of the variant and the seed that are asked for', async () => {
  const lines = async (changes: Partial<TraceJob>) => {
    const { last } = await trace(changes)
    return last.kind === 'story' ? [last.variant, last.lines.join('\n')] : []
  }
  const first = await lines({})
  expect((await lines({ variant: 'ipvs' }))[0]).toBe('ipvs')
  expect(await lines({ seed: '0' })).toEqual(first)
  expect((await lines({ seed: '1' }))[1]).not.toBe(first[1])
})

test.each([
  [{ object: 'web' }, 'Cannot read "web" as an object: expected KIND/NAME, such as deployment/frontend'],
  [{ object: 'deploy/' }, 'Cannot read "deploy/" as an object'],
  [{ object: 'deploy/wep' }, 'The run has no Deployment "wep" in the namespace "a": expected one of a/web, b/web. Did you mean "web"?'],
  [{ object: 'deploy/web', namespace: null }, '"deploy/web" is in several namespaces: expected -n with one of a, b'],
  [{ object: 'podd/x' }, 'The run has no object of the kind "podd": expected one of'],
  [{ variant: 'ipvx' }, 'There is no variant "ipvx": expected one of iptables, ipvs. Did you mean "ipvs"?'],
])('%o is refused', async (changes, reason) => {
  const { code, last } = await trace(changes)
  expect(code).toBe(EXIT.wrongInput)
  expect(last).toEqual({ kind: 'refused', reason: expect.stringContaining(reason) })
})

test('a scenario with mistakes has no story', async () => {
  const { code, last } = await trace({ file: 'nowhere.yaml' })
  expect(code).toBe(EXIT.wrongInput)
  expect(last.kind).toBe('problems')
})

test('the story can be told in Chinese, with the names of Kubernetes as they are', async () => {
  const { last } = await trace({ language: 'zh' })
  const text = last.kind === 'story' ? last.lines.join('\n') : ''
  expect(text).toContain('apply 全部清单')
  expect(text).toMatch(/replicaset-controller +请求创建 Pod\/a\/web-.*：Pod 少于 1 个/)
  expect(text).toMatch(/kubelet\/worker-\d +创建沙箱 Pod/)
})
