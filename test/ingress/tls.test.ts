import { describe, expect, test } from 'vitest'
import { INGRESS, run, type World } from './world.ts'

const TLS = INGRESS.replace('spec:\n', 'spec:\n  tls: [{ hosts: [shop.example.com], secretName: shop }]\n')
const traffic = (more = '', at = 'constant(10/s)') => `    - { name: t, to: https://shop.example.com/shop, arrivals: ${at}${more} }`
const secured = (world: World) => run({ ingress: TLS, ports: '[{ name: http, port: 80 }, { name: https, port: 443 }]', ...world })
const none = ', tls: { resumption: 0 }'

// A round trip of a client to a controller on worker-1 is 10.06 ms by worker-1 and 10.5 ms by the two others, and two packets' CPU besides.
// Each node has a third of the connections: the mean is 10.3533 ms. A tenth of a millisecond is a hundredth of that.
const ROUND_TRIP = 10.3533

describe('a TLS handshake', () => {
  test.each([
    ['1.3', 1],
    ['1.2', 2],
  ])('of %s in full takes %i round trips more, and its CPU time in the controller', async (version, roundTrips) => {
    const { traffic: found } = await secured({ traffic: traffic(`, tls: { version: "${version}", resumption: 0 }`) })
    expect(found.failed).toBe(0)
    expect(Math.abs(found.blameMs!.mean!.tls - roundTrips * ROUND_TRIP - 0.6)).toBeLessThan(0.1)
  })

  test.each(['1.2', '1.3'])('of %s that resumes a session takes one round trip and little CPU time', async (version) => {
    const { traffic: found } = await secured({
      ingressController: '{ tls: { handshake: 5ms, resumedHandshake: 1ms } }',
      traffic: traffic(`, from: { external: true, clients: 1 }, tls: { version: "${version}" }`),
    })
    // One full handshake in 300.
    const full = (version === '1.2' ? ROUND_TRIP : 0) + 4
    expect(Math.abs(found.blameMs!.mean!.tls - ROUND_TRIP - 1 - full / 300)).toBeLessThan(0.1)
  })

  // 20 ms of CPU time a period: each handshake is throttled at the same point of the period, and the request that follows finds quota left.
  test('is throttled by the controller’s CPU limit, which is time of the handshake', async () => {
    const handshake = '{ tls: { handshake: 30ms } }'
    const more = { limits: '{ cpu: 200m }', traffic: traffic(none, 'constant(1/s)') }
    const [free, limited] = await Promise.all([
      secured({ ...more, ingressController: handshake }),
      secured({ ...more, ingressController: `${handshake}, cpuPerRequest: all` }),
    ])
    expect(Math.abs(free.traffic.blameMs!.mean!.tls - ROUND_TRIP - 30)).toBeLessThan(0.1)
    expect(limited.traffic.blameMs!.mean!.tls - ROUND_TRIP - 30).toBeGreaterThan(20)
    expect(limited.traffic.blameMs!.mean!.tls - ROUND_TRIP - 30).toBeLessThan(80.1)
    expect(limited.traffic.blameMs!.mean!.throttled).toBe(0)
  })

  test('in full again when the session is too old for the controller', async () => {
    const { traffic: found } = await secured({
      ingressController: '{ tls: { handshake: 5ms, resumedHandshake: 1ms, sessionTimeout: 50ms } }',
      traffic: traffic(', from: { external: true, clients: 1 }'),
    })
    expect(Math.abs(found.blameMs!.mean!.tls - ROUND_TRIP - 5)).toBeLessThan(0.1)
  })

  test('is paid once by a kept connection', async () => {
    const { traffic: found } = await secured({
      traffic: traffic(`, from: { external: true, clients: 1 }, connection: { keepAlive: 10s, pool: 1 }${none}`),
    })
    // One handshake in 300 requests.
    expect(found.blameMs!.mean!.tls).toBeLessThan((ROUND_TRIP + 1) / 299)
    expect(found.blameMs!.mean!.tls).toBeGreaterThan(ROUND_TRIP / 301)
  })

  test('uses up the workers: with 50 ms of it two of them serve 40 new connections a second', async () => {
    const { traffic: found } = await secured({
      ingressController: '{ tls: { handshake: 49ms } }',
      traffic: traffic(`, timeout: 30s${none}`, 'constant(100/s)'),
    })
    // Each takes 49 ms and the request 1 ms: 2 / 50 ms. The queue has room for all that wait.
    const { ok } = found
    expect(ok).toBeGreaterThan(900)
    expect(ok).toBeLessThan(1210)
  })
})

test('plain http to a host with TLS is answered with 308, and with ssl-redirect off as ever', async () => {
  const http = '    - { name: t, to: http://shop.example.com/shop, arrivals: constant(10/s) }'
  const redirected = await secured({ traffic: http })
  expect(redirected.traffic.failedByCause).toEqual({ 'http-308': redirected.traffic.sent - redirected.traffic.inFlight })
  const off = TLS.replace('{ name: shop }', '{ name: shop, annotations: { nginx.ingress.kubernetes.io/ssl-redirect: "false" } }')
  expect((await secured({ traffic: http, ingress: off })).traffic.failed).toBe(0)
})

test('controllers that are killed, and clients that give up, in the midst of handshakes lose no account of any', async () => {
  const { traffic: found } = await secured({
    controllers: 2,
    ingressController: '{ tls: { handshake: 30ms } }',
    timeline: '[{ at: 40s, fault: { kind: oom-kill, pods: app=controller } }, { at: 50s, fault: { kind: node-crash, node: worker-1 } }]',
    traffic: traffic(`, timeout: 300ms${none}`, 'constant(200/s)'),
  })
  expect(found.failedByCause.reset).toBeGreaterThan(0)
  expect(found.failedByCause.timeout).toBeGreaterThan(0)
  expect(found.sent).toBe(found.ok + found.failed + found.inFlight)
})
