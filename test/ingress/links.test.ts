import { describe, expect, test } from 'vitest'
import { MICROSECOND, MILLISECOND, type Nanos } from '../../src/units.ts'
import { INGRESS, run } from './world.ts'

/** A controller on worker-1, pods on worker-2, connections kept between them. Tries that find no way end by nginx's time-outs. */
const shoppers = (timeout: string) =>
  `    - { name: shoppers, to: "http://shop.example.com/shop", arrivals: constant(10/s), timeout: ${timeout}, start: 30s, stop: 50s }`

test('what is lost between nginx and its pods is sent again: a short cut makes requests late and fails none', async () => {
  const { cluster, traffic: summary } = await run({
    traffic: shoppers('10s'),
    timeline: '[{ at: 40s, fault: { kind: partition, from: worker-1, to: worker-2, for: 2s } }]',
    duration: 100,
  })
  expect(summary.failed).toBe(0)
  expect(summary.latencyMs.max).toBeGreaterThan(1500)
  expect(summary.latencyMs.p50).toBeLessThan(50)
  expect(cluster.faults[0]!.tookEffect).toBe(true)
})

test('as long as it is cut every request fails, and as soon as it is whole they are answered again', async () => {
  const { cluster, traffic: summary } = await run({
    traffic: shoppers('1s'),
    timeline: '[{ at: 35s, fault: { kind: partition, from: worker-2, to: worker-1, oneWay: true, for: 10s } }]',
    duration: 100,
  })
  // 10 s of 10 a second; the last second of them is answered in time by repeated segments, some of it.
  expect(cluster.faults[0]!.tookEffect).toBe(true)
  expect(summary.failed).toBeGreaterThan(85)
  expect(summary.failed).toBeLessThan(105)
})

/**
 * One request over TLS, sent at 40 s to a controller on the node that it comes in by. A way takes 5.03 ms and a packet's CPU time, the handshake 0.6 ms:
 *
 *   ms   0      5       10      15.7              20.7      25.8      30.8       35.8
 *   1.3  SYN    SYN-ACK hello   the pod's answer  request   answer
 *   1.2  SYN    SYN-ACK hello   the pod's answer  client's  the pod's request    answer
 */
describe('each way of a TLS handshake', () => {
  const WAY = 5030 * MICROSECOND
  const AGAIN = 200 * MILLISECOND + 2 * WAY

  async function handshake(version: string, fault?: string): Promise<{ latency: Nanos; tls: Nanos; retransmit: Nanos }> {
    const { traffic } = await run({
      ingress: INGRESS.replace('spec:\n', 'spec:\n  tls: [{ hosts: [shop.example.com], secretName: shop }]\n'),
      ports: '[{ name: http, port: 80 }, { name: https, port: 443 }]',
      externalTrafficPolicy: 'Local',
      traffic: `    - { name: t, to: https://shop.example.com/shop, arrivals: constant(1/s), tls: { version: "${version}", resumption: 0 }, start: 40s, stop: 40500ms }`,
      timeline: `[${fault ?? ''}]`,
    })
    expect(traffic).toMatchObject({ sent: 1, ok: 1 })
    const { tls, retransmit } = traffic.blameMs.mean!
    const nanos = (ms: number | null | undefined) => Math.round(ms! * MILLISECOND)
    return { latency: nanos(traffic.latencyMs.max), tls: nanos(tls), retransmit: nanos(retransmit) }
  }

  const TO_NODE = 'from: outside, to: worker-1'
  const TO_CLIENT = 'from: worker-1, to: outside'

  test.each([
    ['1.3', 'the hello', TO_NODE, 8],
    ['1.3', 'the answer to it', TO_CLIENT, 14],
    ['1.3', 'the request', TO_NODE, 19],
    ['1.3', 'the answer', TO_CLIENT, 30],
    ['1.2', 'the hello', TO_NODE, 8],
    ['1.2', 'the answer to it', TO_CLIENT, 14],
    ['1.2', 'the keys of the client', TO_NODE, 19],
    ['1.2', 'those of the pod', TO_CLIENT, 24],
    ['1.2', 'the request', TO_NODE, 29],
    ['1.2', 'the answer', TO_CLIENT, 40],
  ])('of %s: %s is lost, and sent again after 200 ms and a round trip', async (version, _, ends, at) => {
    const usual = await handshake(version)
    const lost = await handshake(version, `{ at: ${40_000 + at}ms, fault: { kind: partition, ${ends}, oneWay: true, for: 3ms } }`)
    expect(lost).toEqual({ latency: usual.latency + AGAIN, tls: usual.tls, retransmit: AGAIN })
  })

  test.each([
    ['1.3', TO_NODE, 3, 1],
    ['1.3', TO_CLIENT, 3, 1],
    ['1.2', TO_NODE, 4, 2],
    ['1.2', TO_CLIENT, 4, 2],
  ])('of %s is late by itself: %s, %i packets, of which %i are of TLS', async (version, ends, packets, ofTls) => {
    const usual = await handshake(version)
    const slow = await handshake(version, `{ at: 39s, fault: { kind: link-delay, ${ends}, oneWay: true, delay: 7ms } }`)
    expect(slow).toEqual({
      latency: usual.latency + packets * 7 * MILLISECOND,
      tls: usual.tls + ofTls * 7 * MILLISECOND,
      retransmit: 0,
    })
  })
})
