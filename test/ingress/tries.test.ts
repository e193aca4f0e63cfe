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

  // The first request, while the pod is quick, leaves a connection to it; the second finds it slow.
  test.each([
    [19, 2, { ok: 2, failedByCause: {} }],
    [20, 2, { ok: 1, failedByCause: { 'http-504': 1 } }],
    [29, 3, { ok: 2, failedByCause: {} }],
    [30, 3, { ok: 1, failedByCause: { 'http-504': 1 } }],
  ])('on a kept connection to a pod that takes %i times 100 ms by then, and %i s: %o', async (factor, seconds, expected) => {
    const become = (duration: number) =>
      run({
        replicas: 1,
        duration,
        traffic: '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(0.2/s), timeout: 100s, start: 35s, stop: 41s }',
        workloads: '    - { selector: app=web, serviceTime: 100ms, startUp: 1s }',
        ingress: annotated({ 'proxy-read-timeout': `${seconds}`, 'proxy-next-upstream-tries': '1' }),
        timeline: `[{ at: 38s, fault: { kind: pod-slow, pods: app=web, factor: ${factor}, for: 20s } }]`,
      })
    expect((await become(60)).traffic).toMatchObject({ sent: 2, ...expected })
    // NGINX waits for so long from when it sends the request, 10 ms and a little after its client has.
    if (expected.ok === 1) {
      expect((await become(40 + seconds + 0.01)).traffic).toMatchObject({ ok: 1, failed: 0, inFlight: 1 })
      expect((await become(40 + seconds + 0.05)).traffic).toMatchObject({ ok: 1, failed: 1, inFlight: 0 })
    }
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
