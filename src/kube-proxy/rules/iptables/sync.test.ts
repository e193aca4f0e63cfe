import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rawService, rawSlice, stateWith } from '../../model/cluster.fixture.ts'
import type { ProxyState } from '../../model/proxy-state.ts'
import { endpointChainName, serviceChainNames } from '../chain-name.ts'
import { build } from './build.ts'
import { print } from './print.ts'
import type { IptablesRules } from './rule.ts'
import { applyRestore, changedServices, fullSync, partialSync } from './sync.ts'

/** What one Service is, in small: null: it does not exist; else its endpoints and its forms. */
interface Shape {
  readonly endpoints: readonly number[]
  readonly local: boolean
  readonly nodePort: boolean
  readonly affinity: boolean
}

const shape = fc.record({
  endpoints: fc.uniqueArray(fc.integer({ min: 1, max: 4 }), { maxLength: 4 }),
  local: fc.boolean(),
  nodePort: fc.boolean(),
  affinity: fc.boolean(),
})
const cluster = fc.array(fc.option(shape, { nil: null }), { minLength: 3, maxLength: 3 })

function stateOf(shapes: readonly (Shape | null)[]): ProxyState {
  const named = shapes.flatMap((each, index) => (each === null ? [] : [{ each, index }]))
  return stateWith(
    named.map(({ each, index }) =>
      rawService(`s${index}`, {
        clusterIP: `172.30.0.${index}`,
        type: 'NodePort',
        externalTrafficPolicy: each.local ? 'Local' : 'Cluster',
        sessionAffinity: each.affinity ? 'ClientIP' : 'None',
        ports: [{ name: 'http', port: 80, ...(each.nodePort ? { nodePort: 30_000 + index } : {}) }],
      }),
    ),
    named.map(({ each, index }) =>
      rawSlice(
        `s${index}`,
        each.endpoints.map((end) => ({ addresses: [`10.1.${index}.${end}`], nodeName: end % 2 === 0 ? 'here' : 'there' })),
      ),
    ),
  )
}

/** Chains are a set: their lines are sorted, each chain's rules stay in order. */
function held(rules: IptablesRules): Record<string, string[]> {
  const lines = print({
    ...rules,
    filter: { ...rules.filter, chains: sorted(rules.filter.chains) },
    nat: { ...rules.nat, chains: sorted(rules.nat.chains) },
  })
  return { lines: lines.split('\n') }
}

function sorted<T>(map: ReadonlyMap<string, T>): Map<string, T> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)))
}

describe('syncs', () => {
  test('any sequence of partial syncs leaves what one full sync would', () => {
    fc.assert(
      fc.property(fc.array(cluster, { minLength: 2, maxLength: 5 }), (steps) => {
        let before = stateOf(steps[0]!)
        let kernel = build(before)
        for (const step of steps.slice(1)) {
          const after = stateOf(step)
          kernel = applyRestore(kernel, partialSync(before, after, kernel))
          before = after
        }
        expect(held(kernel)).toEqual(held(build(before)))
      }),
    )
  })

  test('a full sync mends whatever was there', () => {
    fc.assert(
      fc.property(cluster, cluster, (first, second) => {
        const kernel = build(stateOf(first))
        const state = stateOf(second)
        expect(held(applyRestore(kernel, fullSync(state, kernel)))).toEqual(held(build(state)))
      }),
    )
  })

  test('a partial sync writes the shared chains and those of the changed Service alone', () => {
    const plain = { local: false, nodePort: false, affinity: false }
    const before = stateOf([
      { ...plain, endpoints: [1, 2] },
      { ...plain, endpoints: [1] },
    ])
    const after = stateOf([
      { ...plain, endpoints: [1, 3] },
      { ...plain, endpoints: [1] },
    ])
    const restore = partialSync(before, after, build(before))
    const sep = (endpoint: string) => endpointChainName('shop/s0:http', 'TCP', endpoint)
    expect([...restore.nat.chains.keys()].slice(4)).toEqual([
      serviceChainNames('shop/s0:http', 'TCP').cluster,
      sep('10.1.0.1:8080'),
      sep('10.1.0.3:8080'),
    ])
    expect(restore.nat.deletedChains).toEqual([sep('10.1.0.2:8080')])
    expect(restore.nat.chains.get('KUBE-SERVICES')).toHaveLength(3)
  })

  test('a sync without a change writes the shared chains alone', () => {
    const state = stateOf([{ endpoints: [1, 2], local: true, nodePort: true, affinity: true }])
    const restore = partialSync(state, state, build(state))
    expect([...restore.nat.chains.keys()]).toEqual(['KUBE-SERVICES', 'KUBE-NODEPORTS', 'KUBE-POSTROUTING', 'KUBE-MARK-MASQ'])
    expect(restore.nat.deletedChains).toEqual([])
  })

  test('in a large cluster stale chains stay', () => {
    const addresses = Array.from({ length: 1001 }, (_, i) => `10.2.${i >> 8}.${i & 255}`)
    const large = stateWith([rawService('web')], [rawSlice('web', addresses)])
    const smaller = stateWith([rawService('web')], [rawSlice('web', addresses.slice(1))])
    const kernel = build(large)
    expect(fullSync(large, build(stateWith([rawService('old')], [rawSlice('old', ['10.1.0.1'])]))).nat.deletedChains).toEqual([])
    expect(partialSync(large, smaller, kernel).nat.deletedChains).toHaveLength(1)
  })
})

describe('changed Services', () => {
  const base = [rawService('a'), rawService('b', { clusterIP: '172.30.0.2' })]
  const slices = [rawSlice('a', ['10.1.0.1']), rawSlice('b', ['10.1.0.2'])]
  const before = stateWith(base, slices)

  test.each([
    ['nothing', base, slices, []],
    ['the order of objects', [...base].reverse(), [...slices].reverse(), []],
    ['an endpoint', base, [slices[0], rawSlice('b', ['10.1.0.3'])], ['shop/b']],
    ['a condition', base, [rawSlice('a', [{ addresses: ['10.1.0.1'], conditions: { serving: false } }]), slices[1]], ['shop/a']],
    ['a Service’s type of affinity', [rawService('a', { sessionAffinity: 'ClientIP' }), base[1]], slices, ['shop/a']],
    ['a Service gone', [base[0]], slices, ['shop/b']],
    ['a Service new', [...base, rawService('c')], slices, ['shop/c']],
    ['endpoints of no Service', base, [...slices, rawSlice('d', ['10.1.0.9'])], []],
  ])('%s', (_what, services, endpointSlices, changed) => {
    expect([...changedServices(before, stateWith(services, endpointSlices))]).toEqual(changed)
  })
})
