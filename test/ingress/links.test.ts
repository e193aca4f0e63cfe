import { expect, test } from 'vitest'
import { run } from './world.ts'

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
