import { describe, expect, test } from 'vitest'
import { MILLISECOND, SECOND } from '../units.ts'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

function load(network: string, timeline = '[]', cluster = '') {
  const text = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: network }
spec:
  cluster: { nodes: [{ count: 3 }], network: ${network}${cluster} }
  timeline: ${timeline}
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': text }))
}

async function scenarioOf(...text: Parameters<typeof load>) {
  const loaded = await load(...text)
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.variants[0]!.scenario
}

async function networkOf(text: string) {
  return (await scenarioOf(text)).cluster.network
}

const DELAYS = { sameNode: 30_000, sameZone: 250_000, crossZone: MILLISECOND, external: 5 * MILLISECOND }
const fault = (text: string) => `[{ at: 10s, fault: { ${text} } }]`

describe('cluster.network', () => {
  test.each(['{}', '{ loss: 0 }', '{ loss: 0%, jitter: 0s }', '{ loss: { sameZone: 0 }, jitter: {} }'])(
    '%s is a network in which every packet is like the other',
    async (text) => expect(await networkOf(text)).toEqual(DELAYS),
  )

  test('loss and jitter are those of all links, or of those that are named', async () => {
    const all = (value: unknown) => ({ sameNode: value, sameZone: value, crossZone: value, external: value })
    const jitter = { kind: 'exponential', mean: MILLISECOND }
    expect(await networkOf('{ loss: 0.1%, jitter: exp(1ms) }')).toEqual({ ...DELAYS, loss: all(0.001), jitter: all(jitter) })
    expect(await networkOf('{ loss: { external: 0.5, sameZone: 2% }, jitter: { crossZone: exp(1ms) } }')).toEqual({
      ...DELAYS,
      loss: { sameNode: 0, sameZone: 0.02, crossZone: 0, external: 0.5 },
      jitter: { ...all(null), crossZone: jitter },
    })
  })

  test.each([
    ['{ loss: 100% }', 'A link that loses everything is none'],
    ['{ loss: { external: 1 } }', 'A link that loses everything is none'],
    ['{ loss: 5 }', '"5" is more than everything'],
    ['{ loss: { sameRack: 1% } }', 'Unknown key "sameRack"'],
    ['{ jitter: gauss(1ms) }', 'No distribution is called "gauss"'],
    ['{ jitter: { external: fast } }', 'Cannot read "fast" as a distribution'],
  ])('%s is refused', async (text, message) => {
    const loaded = await load(text)
    expect(loaded.ok ? [] : loaded.problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)])
  })
})

describe('faults of links', () => {
  const choice = (selector: unknown, count: unknown, text: string) => ({ kind: 'nodes', nodes: { selector, count, text } })

  test.each([
    [
      'kind: partition, from: worker-2',
      { kind: 'partition', from: { kind: 'named', names: ['worker-2'] }, to: { kind: 'others' }, oneWay: false, duration: null },
      'partition worker-2 and all others',
    ],
    [
      'kind: partition, from: [worker-1, worker-2], to: outside, oneWay: true, for: 10s',
      {
        kind: 'partition',
        from: { kind: 'named', names: ['worker-1', 'worker-2'] },
        to: { kind: 'outside' },
        oneWay: true,
        duration: 10 * SECOND,
      },
      'partition worker-1, worker-2 to the outside for 10s',
    ],
    [
      'kind: link-loss, from: { count: 50% }, to: control-plane, loss: 2.5%',
      {
        kind: 'link-loss',
        from: choice(null, { share: 0.5 }, 'the nodes'),
        to: { kind: 'control-plane' },
        oneWay: false,
        duration: null,
        loss: 0.025,
      },
      'link-loss 50% of the nodes and the control plane 2.5%',
    ],
    [
      'kind: link-delay, from: outside, delay: 3ms',
      {
        kind: 'link-delay',
        from: { kind: 'outside' },
        to: { kind: 'others' },
        oneWay: false,
        duration: null,
        delay: { kind: 'constant', value: 3 * MILLISECOND },
      },
      'link-delay the outside and all others 3ms',
    ],
  ])('%s', async (text, spec, told) => {
    const [entry] = (await scenarioOf('{}', fault(text))).timeline
    expect(entry).toMatchObject({ kind: 'fault', fault: spec, text: told })
  })

  test('machines of an install have their names, and a word that is a name is one', async () => {
    const of = async (text: string, install: string) => {
      const [entry] = (await scenarioOf('{}', fault(text), `, install: ${install}`)).timeline
      return entry!.kind === 'fault' && 'oneWay' in entry!.fault ? entry!.fault.from : null
    }
    expect(await of('kind: partition, from: etcd-2', 'binary')).toEqual({ kind: 'named', names: ['etcd-2'] })
    expect(await of('kind: partition, from: control-plane-1', 'kubeadm-ha')).toEqual({ kind: 'named', names: ['control-plane-1'] })
    expect(await of('kind: partition, from: control-plane', 'kubeadm')).toEqual({ kind: 'control-plane' })
  })

  test.each([
    ['kind: partition, from: worker-9', 'There is no machine "worker-9"', 'worker-1'],
    ['kind: partition, from: [worker-1, worke-2]', 'There is no machine "worke-2"', 'worker-2'],
    ['kind: partition, from: worker-1, to: outsid', 'There is no machine "outsid"', 'outside'],
    ['kind: partition, from: others', 'There is nothing yet that others are apart from', null],
    ['kind: partition, from: outside, to: outside', 'There are no links between machines and themselves', null],
    ['kind: partition, from: worker-1, to: [worker-1]', 'There are no links between machines and themselves', null],
    ['kind: partition, from: worker-1, for: 0s', 'A fault of no length is none', null],
    ['kind: link-loss, from: worker-1, loss: 0', 'A link that loses nothing has no fault', null],
    ['kind: link-loss, from: worker-1, loss: 100%', 'A link that loses everything is cut', null],
    ['kind: link-delay, from: { selector: "a in" }, delay: 1ms', 'Cannot read "a in" as a label selector', null],
    ['kind: link-delay, from: { count: many }, delay: 1ms', 'Cannot read "many" as a number of them', null],
    ['kind: link-delay, from: worker-1, delay: long', 'Cannot read "long" as a distribution', null],
  ])('%s is refused', async (text, message, didYouMean) => {
    const loaded = await load('{}', fault(text))
    expect(loaded.ok ? [] : loaded.problems.map((problem) => problem.message)).toEqual([expect.stringContaining(message)])
    if (didYouMean !== null && !loaded.ok) expect(loaded.problems[0]!.didYouMean).toBe(didYouMean)
  })
})
