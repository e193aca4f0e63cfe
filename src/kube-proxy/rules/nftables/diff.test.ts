import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { apply } from './apply.ts'
import { build } from './build.ts'
import { countRules } from './count.ts'
import { diff, print } from './diff.ts'
import { isServiceChain } from './names.ts'
import type { Ruleset } from './ruleset.ts'
import { stateOf } from './testing/state.ts'
import { printTransaction } from './transaction.ts'

const CART = { clusterIP: '172.30.0.41', endpoints: ['10.180.0.1'] }
const ADS = { clusterIP: '172.30.0.42', nodePort: 30_042, endpoints: ['10.180.0.2'] }

const both = build(stateOf({ cart: CART, ads: ADS }))
const lines = (before: Ruleset | null, after: Ruleset) => printTransaction(diff(before, after)).trimEnd().split('\n')
const verbs = (before: Ruleset, after: Ruleset) => lines(before, after).map((line) => line.split(' ').slice(0, 2).join(' '))

test('nothing changed, nothing is sent', () => {
  expect(diff(both, build(stateOf({ cart: CART, ads: ADS }))).commands).toEqual([])
})

test('the first sync writes the table, and whatever is named is declared before', () => {
  const commands = diff(null, both).commands
  expect(commands[0]).toEqual({ kind: 'add-table' })
  const kinds = commands.map(({ kind }) => kind)
  expect(kinds.lastIndexOf('add-chain')).toBeLessThan(kinds.indexOf('add-rule'))
  expect(kinds.lastIndexOf('add-rule')).toBeLessThan(kinds.indexOf('add-element'))
})

test('one more endpoint rewrites one chain and adds one hairpin', () => {
  const after = build(stateOf({ cart: { ...CART, endpoints: ['10.180.0.1', '10.180.0.9'] }, ads: ADS }))
  expect(verbs(both, after)).toEqual(['flush chain', 'add rule', 'add element'])
  expect(lines(both, after)[1]).toContain('mod 2 map { 0 : 10.180.0.1 . 8080 , 1 : 10.180.0.9 . 8080 }')
})

test('how much is sent does not depend on how many Services there are', () => {
  const many = Object.fromEntries(
    Array.from({ length: 200 }, (_, i) => [`s${i}`, { clusterIP: `172.30.1.${i}`, endpoints: [`10.181.0.${i}`] }]),
  )
  const [before, after] = [{}, { cart: CART }].map((more) => build(stateOf({ ...many, ...more })))
  expect(verbs(before!, after!)).toEqual(['add chain', 'add rule', 'add element', 'add element', 'add element'])
})

describe('a Service that goes', () => {
  const only = build(stateOf({ ads: ADS }))
  const emptied = apply(both, diff(both, only))

  test('leaves its chain empty, and nothing that leads to it', () => {
    expect(verbs(both, only)).toEqual(['flush chain', 'delete element', 'delete element', 'delete element'])
    const left = [...emptied.chains.values()].filter(({ name, rules }) => isServiceChain(name) && rules.length === 0)
    expect(left.map(({ name }) => name)).toEqual([expect.stringMatching(/^service-\S+-shop\/cart\/tcp\/web$/)])
    expect(print(emptied)).not.toContain('172.30.0.41')
  })

  test('has its chain deleted by the next sync, changed or not', () => {
    expect(verbs(emptied, only)).toEqual(['delete chain'])
    expect(print(apply(emptied, diff(emptied, only)))).toBe(print(only))
  })

  test('takes its chain again when it is back before that', () => {
    expect(verbs(emptied, both)).toEqual(['flush chain', 'add rule', 'add element', 'add element', 'add element'])
    expect(countRules(apply(emptied, diff(emptied, both)))).toEqual(countRules(both))
  })
})

test('an element with another verdict is deleted before it is added', () => {
  const nobody = build(
    stateOf({ cart: { ...CART, nodePort: 30_041, endpoints: ['10.180.0.1@node2'], spec: { externalTrafficPolicy: 'Local' } } }),
  )
  const refused = build(stateOf({ cart: { ...CART, nodePort: 30_041, endpoints: [], spec: { externalTrafficPolicy: 'Local' } } }))
  const changes = lines(nobody, refused).filter((line) => line.includes('no-endpoint-nodeports'))
  expect(changes).toEqual([
    'delete element ip kube-proxy no-endpoint-nodeports { tcp . 30041 }',
    'add element ip kube-proxy no-endpoint-nodeports { tcp . 30041 comment "shop/cart:web" : goto reject-chain }',
  ])
})

describe('affinity sets', () => {
  const spec = { sessionAffinity: 'ClientIP' }
  const sticky = build(stateOf({ cart: { ...CART, spec } }))
  const [set] = [...sticky.sets.values()].filter(({ timeoutSeconds }) => timeoutSeconds !== null)
  const used = { ...sticky, sets: new Map([...sticky.sets, [set!.name, { ...set!, elements: new Set(['10.0.0.9']) }]]) }

  test('keep their clients through a sync', () => {
    const after = build(stateOf({ cart: { ...CART, spec, endpoints: ['10.180.0.1', '10.180.0.2'] } }))
    expect([...apply(used, diff(used, after)).sets.get(set!.name)!.elements]).toEqual(['10.0.0.9'])
  })

  test('take a new time-out and keep their clients', () => {
    const timed = (timeoutSeconds: number) => ({ ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds } } })
    const after = build(stateOf({ cart: { ...CART, spec: timed(60) } }))
    expect(verbs(used, after)).toEqual(['add set'])
    const kernel = apply(used, diff(used, after)).sets.get(set!.name)!
    expect(kernel.timeoutSeconds).toBe(60)
    expect([...kernel.elements]).toEqual(['10.0.0.9'])
  })

  test('are deleted at once, after the rules that name them are gone', () => {
    const after = build(stateOf({ cart: CART }))
    const commands = diff(used, after).commands.map(({ kind }) => kind)
    expect(commands.at(-1)).toBe('delete-set')
    expect(apply(used, diff(used, after)).sets.has(set!.name)).toBe(false)
  })
})

test('the set of node port addresses comes and goes with the settings', () => {
  const named = build(stateOf({ cart: CART, ads: ADS }, { nodePortAddresses: ['192.168.0.0/24'] }))
  expect(
    print(apply(both, diff(both, named)))
      .split('\n')
      .sort(),
  ).toEqual(print(named).split('\n').sort())
  expect(
    print(apply(named, diff(named, both)))
      .split('\n')
      .sort(),
  ).toEqual(print(both).split('\n').sort())
})

/** Random histories: after every sync the table is the wanted one, but for emptied chains, of which the next sync leaves none. */
test('syncs of any history lead to the table of the last state', () => {
  const service = fc.record({
    endpoints: fc.subarray(['10.180.0.1', '10.180.0.2', '10.180.1.1@node2']),
    spec: fc.record({
      sessionAffinity: fc.constantFrom('None', 'ClientIP'),
      externalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
      internalTrafficPolicy: fc.constantFrom('Cluster', 'Local'),
      loadBalancerSourceRanges: fc.constantFrom([], ['203.0.113.0/25']),
    }),
    nodePort: fc.constantFrom(30_001, 30_002),
    ingress: fc.option(fc.constant('1.2.3.4'), { nil: undefined }),
  })
  const history = fc.array(fc.array(fc.option(service), { minLength: 3, maxLength: 3 }), { minLength: 2, maxLength: 6 })
  fc.assert(
    fc.property(history, (steps) => {
      let kernel: Ruleset | null = null
      for (const step of steps) {
        const present = step.flatMap((part, i) =>
          part === null ? [] : [[`s${i}`, { ...part, ...clusterIP(i), ...ingressOf(part) }] as const],
        )
        const wanted = build(stateOf(Object.fromEntries(present)))
        const stale = staleOf(kernel)
        kernel = apply(kernel, diff(kernel, wanted), wanted.localAddresses)
        const left = staleOf(kernel)
        const lasting = { ...kernel, chains: new Map([...kernel.chains].filter(([name]) => !left.includes(name))) }
        expect(print(lasting).split('\n').sort()).toEqual(print(wanted).split('\n').sort())
        expect(left.filter((name) => stale.includes(name))).toEqual([])
      }
    }),
    { numRuns: 60 },
  )
})

const clusterIP = (i: number) => ({ clusterIP: `172.30.0.${i + 1}` })
const ingressOf = ({ ingress }: { ingress: string | undefined }) => (ingress === undefined ? {} : { ingress })

function staleOf(rules: Ruleset | null): string[] {
  const chains = [...(rules?.chains.values() ?? [])].filter((chain) => isServiceChain(chain.name) && chain.rules.length === 0)
  return chains.map(({ name }) => name)
}
