import { expect, test } from 'vitest'
import { containerOf, deploymentOf, podSpecOf } from '../../../test/control-plane/testbed.ts'
import { parseKubectl } from '../../scenario/parse-kubectl.ts'
import { patched } from './patch.ts'

const PODS = podSpecOf([containerOf('server'), containerOf('sidecar')])
const DEPLOYMENT = deploymentOf('web', 2, { template: { labels: { app: 'web' }, annotations: {}, spec: PODS } })

/** What the patch makes of a Deployment with two containers, the label app=web and no annotations; or why it is refused. */
function patch(json: string, type = 'strategic') {
  const read = parseKubectl(`patch deployment/web --type=${type} -p '${json}'`)
  if (!read.ok || read.value.command.verb !== 'patch') return expect.fail(JSON.stringify(read))
  const result = patched(DEPLOYMENT, read.value.command.changes)
  return result.ok ? result.object : result.reason
}

// RFC 7386: what is not named stays, null removes.
test('a merge patch sets what it names, and removes an entry with null', () => {
  expect(patch('{"spec":{"replicas":5},"metadata":{"labels":{"app":null,"tier":"web"}}}', 'merge')).toEqual({
    ...DEPLOYMENT,
    metadata: { ...DEPLOYMENT.metadata, labels: { tier: 'web' } },
    spec: { ...DEPLOYMENT.spec, replicas: 5 },
  })
  expect(patch('{"metadata":{"labels":{"none":null}}}', 'merge')).toEqual(DEPLOYMENT)
})

test('a patch of what is there already gives back the same object', () => {
  expect(patch('{"spec":{"replicas":2}}')).toBe(DEPLOYMENT)
})

// Source: `patchMergeKey=name` of containers in k8s.io/api/core/v1/types.go.
test('a strategic patch finds containers by their names', () => {
  const spec = { ...PODS, containers: [PODS.containers[0]!, { ...PODS.containers[1]!, image: 'x:v2' }] }
  const template = { ...DEPLOYMENT.spec.template, annotations: { a: 'b' }, spec }
  const json = '{"spec":{"template":{"metadata":{"annotations":{"a":"b"}},"spec":{"containers":[{"name":"sidecar","image":"x:v2"}]}}}}'
  expect(patch(json)).toEqual({ ...DEPLOYMENT, spec: { ...DEPLOYMENT.spec, template } })
  expect(patch('{"spec":{"template":{"spec":{"containers":[{"name":"other","image":"x"}]}}}}')).toContain('there is no container')
})

// RFC 6902: a test that fails, a removal or a replacement of what is not there, fails the whole patch.
test('a JSON patch carries out all operations or none', () => {
  const path = '/spec/template/spec/containers/1/image'
  expect(patch(`[{"op":"test","path":"/spec/replicas","value":2},{"op":"replace","path":"${path}","value":"y"}]`, 'json')).toMatchObject({
    spec: { template: { spec: { containers: [{ name: 'server' }, { image: 'y' }] } } },
  })
  expect(patch('[{"op":"replace","path":"/spec/replicas","value":9},{"op":"test","path":"/spec/replicas","value":2}]', 'json')).toBe(
    'testing spec.replicas: 9 is not 2',
  )
  expect(patch('[{"op":"remove","path":"/metadata/labels/none"}]', 'json')).toBe('remove of metadata.labels.none, which is not there')
  expect(patch('[{"op":"replace","path":"/metadata/labels/none","value":"a"}]', 'json')).toContain('which is not there')
  expect(patch('[{"op":"add","path":"/metadata/annotations/a","value":"b"}]', 'json')).toContain('whose map is not there')
  expect(patch('[{"op":"add","path":"/metadata/labels/example.com~1a","value":"b"}]', 'json')).toMatchObject({
    metadata: { labels: { app: 'web', 'example.com/a': 'b' } },
  })
  expect(patch('[{"op":"replace","path":"/spec/template/spec/containers/7/image","value":"y"}]', 'json')).toContain('there is no container')
})
