import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

function load(loadBalancer: string) {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: balanced }
spec:
  cluster:
    nodes: [{ count: 2 }]
    ${loadBalancer}
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario }))
}

async function directorOf(text: string) {
  const loaded = await load(text)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.variants[0]!.scenario.cluster.director
}

describe('cluster.loadBalancer', () => {
  test('absent, it is a cloud', async () => {
    expect(await directorOf('')).toBeUndefined()
  })

  test('has the defaults of keepalived', async () => {
    const check = { kind: 'tcp', host: '', path: '/', delayLoop: 60e9, connectTimeout: 5e9, retry: 1, delayBeforeRetry: 1e9, warmUp: 60e9 }
    const defaults = { scheduler: 'wlc', persistence: null, weights: new Map(), inhibitOnFailure: false, alpha: false, check }
    expect(await directorOf('loadBalancer: { keepalived: {} }')).toEqual(defaults)
    const http = 'loadBalancer: { keepalived: { check: { kind: http, host: shop.test, path: /up, delayLoop: 6s } } }'
    expect(await directorOf(http)).toEqual({
      ...defaults,
      check: { ...check, kind: 'http', host: 'shop.test', path: '/up', delayLoop: 6e9, delayBeforeRetry: 3e9, warmUp: 6e9 },
    })
  })

  test('takes weights, persistence and all the rest', async () => {
    const text =
      'loadBalancer: { keepalived: { scheduler: wrr, persistence: 6m, weights: { worker-2: 3 }, inhibitOnFailure: true, alpha: true, check: { warmUp: 0s } } }'
    expect(await directorOf(text)).toMatchObject({
      scheduler: 'wrr',
      persistence: 360e9,
      weights: new Map([['worker-2', 3]]),
      inhibitOnFailure: true,
      alpha: true,
      check: { warmUp: 0 },
    })
  })

  test.each([
    ['weights: { worker-9: 2 }', 'There is no node "worker-9"'],
    ['persistence: 0s', 'persistence cannot be 0'],
    ['check: { delayLoop: 0s }', 'check.delayLoop cannot be 0'],
    ['check: { connectTimeout: 0s }', 'check.connectTimeout cannot be 0'],
    ['check: { path: /up }', 'A tcp check asks for no path'],
    ['check: { host: shop.test }', 'A tcp check asks for no host'],
    ['scheduler: wlcc', 'Cannot use "wlcc" here'],
    ['retires: 1', 'Unknown key "retires"'],
  ])('refuses %s', async (text, message) => {
    const loaded = await load(`loadBalancer: { keepalived: { ${text} } }`)
    if (loaded.ok) throw new Error('it was read')
    expect(loaded.problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)])
  })
})
