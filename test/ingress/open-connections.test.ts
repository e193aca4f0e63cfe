import { expect, test } from 'vitest'
import { SECOND } from '../../src/units.ts'
import { run } from './world.ts'

/** One worker takes a request after the other, so that one connection is enough while a request is shorter than the time between two. */
const traffic =
  '    - { name: t, to: http://shop.example.com/shop, from: { external: true }, arrivals: constant(1/s), start: 40s, stop: 45s }'

test('a controller keeps what it has opened to pods for 60 s, and pods count it', async () => {
  const { cluster } = await run({ replicas: 1, duration: 60, traffic, workloads: '    - { selector: app=web, serviceTime: 300ms }' })
  const { dataPlane, sim } = cluster
  const { backends } = dataPlane
  const pods = backends.loads().map(({ pod }) => pod.labels.app)
  const [web, controller] = [pods.indexOf('web'), pods.indexOf('controller')]
  const counts = (): number[] => {
    const open = dataPlane.requests.openConnections()
    return [open[web]!, backends.inFlight(web), open[controller]!]
  }
  const used = counts()[0]!
  expect(used).toBeGreaterThan(0)
  // No more than one a worker.
  expect(used).toBeLessThanOrEqual(5)
  expect(counts().slice(1)).toEqual([0, 0])
  sim.run(100 * SECOND)
  expect(counts()[0]).toBe(used)
  sim.run(106 * SECOND)
  expect(counts()).toEqual([0, 0, 0])
})

test('one that is in use is counted once, at the controller too, and goes with the process of the pod', async () => {
  const { cluster } = await run({
    replicas: 1,
    duration: 42,
    traffic: traffic.replace('constant(1/s)', 'constant(4/s), timeout: 50s').replace('stop: 45s', 'stop: 41s'),
    workloads: '    - { selector: app=web, serviceTime: 5s, concurrency: 8 }',
  })
  const { dataPlane } = cluster
  const { backends } = dataPlane
  const pods = backends.loads().map(({ pod }) => pod.labels.app)
  const [web, controller] = [pods.indexOf('web'), pods.indexOf('controller')]
  const open = (): Int32Array => dataPlane.requests.openConnections()
  expect([open()[web], open()[controller]]).toEqual([4, 4])
  expect([backends.inFlight(web), backends.inFlight(controller)]).toEqual([4, 4])
  backends.stopListening(web)
  expect([open()[web], open()[controller]]).toEqual([4, 4])
  backends.kill(web)
  expect([open()[web], open()[controller]]).toEqual([0, 4])
})
