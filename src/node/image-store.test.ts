import { describe, expect, test } from 'vitest'
import type { Wait } from '../engine/process.ts'
import { Simulation } from '../engine/simulation.ts'
import { SECOND } from '../units.ts'
import { familiarImageName, fullImageName } from './image-name.ts'
import { type ImagePolicy, ImageStore } from './image-store.ts'
import { RegistryLink } from './registry-link.ts'

/** 2 s of transfer an image. */
const POLICY: ImagePolicy = { sizeBytes: 100_000_000, bandwidthBytesPerSecond: 50_000_000, preloaded: false }

function storeOf(change: Partial<ImagePolicy> = {}, more: { node?: number; link?: RegistryLink; sim?: Simulation } = {}) {
  const sim = more.sim ?? new Simulation({ seed: 'images' })
  const policy = { ...POLICY, ...change }
  const store = new ImageStore({ sim, policy, nodeIndex: more.node ?? 0, link: more.link, nameOf: fullImageName })
  return { sim, store }
}

/** Begins a pull of each image at that second, with 1 s of overhead, and says how and when each ended. */
function pulls(setup: ReturnType<typeof storeOf>, wanted: readonly (readonly [image: string, at: number])[]): string[] {
  const { sim, store } = setup
  const done: string[] = []
  for (const [image, at] of wanted) {
    sim.after(at * SECOND, () =>
      sim.spawn(
        (function* (): Generator<Wait, void, unknown> {
          const outcome = yield* store.pull(image, SECOND)
          done.push(`${image} ${outcome} at ${sim.now / SECOND}`)
        })(),
      ),
    )
  }
  sim.run(600 * SECOND)
  return done
}

describe('images of a node', () => {
  test('are pulled one after the other, and two pods that want the same one share a pull', () => {
    const setup = storeOf()
    // 1 s of registry and 2 s of transfer each.
    expect(
      pulls(setup, [
        ['a', 0],
        ['a', 0],
        ['b', 0],
      ]),
    ).toEqual(['a pulled at 3', 'a pulled at 3', 'b pulled at 6'])
    expect([setup.store.has('a:latest'), setup.store.has('c')]).toEqual([true, false])
  })

  test('pulled side by side share the bandwidth of the node', () => {
    // From 1 s on a and b share 50 MB/s. At 3 s each has 50 MB, and c comes to its transfer: 16.7 MB/s each, so a and b need 3 s more. Then c,
    // which has 50 MB too, has all for itself and needs 1 s.
    expect(
      pulls(storeOf({ parallel: Number.POSITIVE_INFINITY }), [
        ['a', 0],
        ['b', 0],
        ['c', 2],
      ]),
    ).toEqual(['a pulled at 6', 'b pulled at 6', 'c pulled at 7'])
  })

  test('pulled side by side wait when there are as many as maxParallelImagePulls allows', () => {
    expect(
      pulls(storeOf({ parallel: 2 }), [
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ]),
    ).toEqual(['a pulled at 5', 'b pulled at 5', 'c pulled at 8'])
  })

  test('have sizes of their own', () => {
    expect(pulls(storeOf({ sizes: new Map([['big:v1', 500_000_000]]) }), [['big:v1', 0]])).toEqual(['big:v1 pulled at 11'])
  })

  test('that the registry does not have cost their turn and the overhead', () => {
    expect(
      pulls(storeOf({ missing: ['gone:v1'] }), [
        ['gone:v1', 0],
        ['a', 0],
      ]),
    ).toEqual(['gone:v1 not found at 1', 'a pulled at 4'])
  })

  test('that are there are only checked', () => {
    expect(
      pulls(storeOf(), [
        ['a', 0],
        ['a', 10],
      ]),
    ).toEqual(['a pulled at 3', 'a up to date at 11'])
  })

  // Source: pkg/kubelet/images/helpers.go: a pull that the limiter forbids fails with "pull QPS exceeded"; it does not wait.
  test('beyond registryPullQPS and registryBurst fail at once', () => {
    const names = Array.from({ length: 12 }, (_, i) => [`image-${i}`, 0] as const)
    const done = pulls(storeOf({ parallel: Number.POSITIVE_INFINITY }), [...names, ['late', 0.2], ['later', 0.2]])
    expect(done.filter((line) => line.includes('exceeded'))).toEqual([
      'image-10 exceeded at 0',
      'image-11 exceeded at 0',
      'later exceeded at 0.2', // One token every 0.2 s.
    ])
  })

  test('are all there when they are preloaded, but those that do not exist', () => {
    const { store } = storeOf({ preloaded: true, missing: ['gone'] })
    expect([store.has('anything'), store.has('gone')]).toEqual([true, false])
    expect(store.reported()).toEqual([])
  })

  test('are reported by their whole names, the largest first, 50 at most', () => {
    const setup = storeOf({
      parallel: Number.POSITIVE_INFINITY,
      pullBurst: 100,
      sizes: new Map([['reg.example/b:v1', 300]]),
      sizeBytes: 200,
    })
    pulls(setup, [...Array.from({ length: 60 }, (_, i) => [`a${10 + i}`, 0] as const), ['reg.example/b:v1', 0]])
    const reported = setup.store.reported()
    expect(reported).toHaveLength(50)
    expect(reported.slice(0, 2)).toEqual([
      { names: ['reg.example/b:v1'], sizeBytes: 300 },
      { names: ['docker.io/library/a10:latest'], sizeBytes: 200 },
    ])
  })

  test('a pull goes on when the pod that asked for it is gone, so that others who wait for it get the image', () => {
    const { sim, store } = storeOf()
    const got: string[] = []
    function* asks(who: string): Generator<Wait, void, unknown> {
      got.push(`${who} ${yield* store.pull('example/a:v1', SECOND)}`)
    }
    const first = sim.spawn(asks('first'))
    sim.after(SECOND, () => sim.spawn(asks('second')))
    sim.after(2 * SECOND, () => first.kill())
    sim.run(60 * SECOND)
    expect(got).toEqual(['second pulled'])
  })

  test('that were being pulled when the node died are pulled anew, and the queue is empty', () => {
    const setup = storeOf()
    const { sim, store } = setup
    sim.after(2 * SECOND, () => store.interrupt())
    expect(
      pulls(setup, [
        ['a', 0],
        ['b', 0],
        ['a', 4],
      ]),
    ).toEqual(['a undefined at 2', 'b undefined at 2', 'a pulled at 7'])
  })
})

describe('a registry with a limit', () => {
  test('is shared by all nodes', () => {
    const sim = new Simulation({ seed: 'registry' })
    const link = new RegistryLink(sim, 50_000_000, 80_000_000)
    const done: string[] = []
    const policy: ImagePolicy = { ...POLICY, parallel: 2 }
    for (const [node, images] of [['a', 'b'], ['a']].entries()) {
      const store = new ImageStore({ sim, policy, nodeIndex: node, link, nameOf: fullImageName })
      for (const image of images) {
        sim.spawn(
          (function* (): Generator<Wait, void, unknown> {
            yield* store.pull(image, SECOND)
            done.push(`${node} ${image} ${sim.now / SECOND}`)
          })(),
        )
      }
    }
    sim.run(60 * SECOND)
    // Node 0 has two pulls of 25 MB/s each; node 1's has 30 MB/s of the registry's 80. It is done after 100/30 = 3.33 s, while each of the two has
    // 83.3 MB; the rest at 25 MB/s is no faster.
    expect(done).toEqual(['1 a 4.333333333', '0 a 5', '0 b 5'])
  })

  test('shares as slow filling in small steps does', () => {
    const sim = new Simulation({ seed: 'filling' })
    const rng = sim.rng('case')
    const [nodeRate, total] = [100, 250]
    const jobs = Array.from({ length: 30 }, (_, i) => ({
      node: Math.floor(rng.uniform() * 5),
      at: Math.floor(rng.uniform() * 20_000),
      bytes: 50 + Math.floor(rng.uniform() * 500),
      id: i,
    }))
    const link = new RegistryLink(sim, nodeRate, total)
    const ended = new Map<number, number>()
    for (const { node, at, bytes, id } of jobs) {
      sim.after((at * SECOND) / 1000, () =>
        sim.spawn(
          (function* (): Generator<Wait, void, unknown> {
            yield* link.transfer(node, bytes)
            ended.set(id, sim.now / SECOND)
          })(),
        ),
      )
    }
    sim.run(1000 * SECOND)
    // The obvious model: steps of 1 ms. In each the water rises to the level at which the registry is used up: a pull gets that level, or its part
    // of its node's link when that is less.
    const left = jobs.map(({ bytes }) => bytes)
    const slow = new Map<number, number>()
    for (let ms = 0; slow.size < jobs.length; ms++) {
      const active = jobs.filter(({ at, id }) => at <= ms && left[id]! > 0)
      const part = (node: number) => nodeRate / active.filter((other) => other.node === node).length
      let [low, high] = [0, nodeRate]
      for (let i = 0; i < 50; i++) {
        const level = (low + high) / 2
        const used = active.reduce((sum, { node }) => sum + Math.min(level, part(node)), 0)
        if (used > total) high = level
        else low = level
      }
      for (const { node, id } of active) {
        left[id]! -= Math.min(low, part(node)) / 1000
        if (left[id]! <= 0) slow.set(id, (ms + 1) / 1000)
      }
    }
    for (const { id } of jobs) expect(Math.abs(ended.get(id)! - slow.get(id)!), `job ${id}`).toBeLessThan(0.05)
  })
})

test('names of images: whole as containerd lists them, short as Docker does', () => {
  const both = (name: string) => [fullImageName(name), familiarImageName(name)]
  expect(both('nginx')).toEqual(['docker.io/library/nginx:latest', 'nginx:latest'])
  expect(both('shop/web:v1')).toEqual(['docker.io/shop/web:v1', 'shop/web:v1'])
  expect(both('docker.io/library/nginx:1.7.9')).toEqual(['docker.io/library/nginx:1.7.9', 'nginx:1.7.9'])
  expect(both('localhost:5000/a')).toEqual(['localhost:5000/a:latest', 'localhost:5000/a:latest'])
  expect(both('gcr.io/p/a@sha256:0123')).toEqual(['gcr.io/p/a@sha256:0123', 'gcr.io/p/a@sha256:0123'])
})
