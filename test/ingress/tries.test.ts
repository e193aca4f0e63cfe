import { describe, expect, test } from 'vitest'
import { SECOND } from '../../src/units.ts'
import { INGRESS, run } from './world.ts'

const annotated = (annotations: Readonly<Record<string, string>>) => {
  const pairs = Object.entries(annotations).map(([key, value]) => `nginx.ingress.kubernetes.io/${key}: "${value}"`)
  return INGRESS.replace('{ name: shop }', `{ name: shop, annotations: { ${pairs.join(', ')} } }`)
}

describe('proxy-read-timeout', () => {
  // Three requests, the later ones on the connection that the one before has left, if it had an answer.
  const traffic = '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(0.2/s), timeout: 100s, start: 35s, stop: 46s }'
  const served = (serviceTime: string, seconds: string, tries = '1') =>
    run({
      replicas: 1,
      traffic,
      workloads: `    - { selector: app=web, serviceTime: ${serviceTime}, startUp: 1s, concurrency: 10 }`,
      ingress: annotated({ 'proxy-read-timeout': seconds, 'proxy-next-upstream-tries': tries }),
    })

  test.each([
    ['1990ms', '2', {}],
    ['2s', '2', { 'http-504': 3 }],
    ['2990ms', '3', {}],
    ['3s', '3', { 'http-504': 3 }],
  ])('a pod that takes %s, and %s s: %o', async (serviceTime, seconds, failedByCause) => {
    const { traffic } = await served(serviceTime, seconds)
    expect(traffic.sent).toBe(3)
    expect(traffic.failedByCause).toEqual(failedByCause)
  })

  test('each try has it anew: three of 1 s hold a request for 3 s, and the pod does the work three times', async () => {
    const { cluster, traffic } = await served('4s', '1', '3')
    expect(traffic.failedByCause).toEqual({ 'http-504': 3 })
    const { backends } = cluster.dataPlane
    const pods = backends.loads().flatMap(({ pod }, index) => (pod.labels.app === 'web' ? [index] : []))
    expect(pods.map((pod) => backends.cpuTime(pod))).toEqual([3 * 3 * 4 * SECOND])
  })
})

describe('a NetworkPolicy', () => {
  const policy = (spec: string) => `${INGRESS}apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: { name: rule }
spec: ${spec}
---
`
  const traffic = '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(1/s), timeout: 100s, start: 35s, stop: 40s }'
  const under = (spec: string, duration = 60) => run({ traffic, ingress: policy(spec), duration })

  test.each([
    ['lets nobody in to the pods', '{ podSelector: { matchLabels: { app: web } }, policyTypes: [Ingress] }'],
    [
      'lets others in',
      '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: other } } }] }] }',
    ],
    ['lets nothing out of the controller', '{ podSelector: { matchLabels: { app: controller } }, policyTypes: [Egress] }'],
  ])('that %s makes every try silent: 504 after three of 5 s', async (_, spec) => {
    const { traffic } = await under(spec)
    expect(traffic.sent).toBe(5)
    expect(traffic.failedByCause).toEqual({ 'http-504': 5 })
    // The last was sent at 39 s.
    expect((await under(spec, 54)).traffic).toMatchObject({ failed: 4, inFlight: 1 })
    expect((await under(spec, 54.1)).traffic).toMatchObject({ failed: 5, inFlight: 0 })
  })

  test.each([
    [
      'lets the controller in',
      '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: controller } } }], ports: [{ port: 8080 }] }] }',
    ],
    [
      'lets the controller out to them',
      '{ podSelector: { matchLabels: { app: controller } }, policyTypes: [Egress], egress: [{ to: [{ podSelector: { matchLabels: { app: web } } }] }] }',
    ],
  ])('that %s makes no difference', async (_, spec) => {
    const { traffic } = await under(spec)
    expect([traffic.ok, traffic.failed]).toEqual([5, 0])
  })
})
