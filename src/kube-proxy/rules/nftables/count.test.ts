import { expect, test } from 'vitest'
import { build } from './build.ts'
import { countRules } from './count.ts'
import { stateOf } from './testing/state.ts'

test('a table without Services has 8 base chains, 7 others, and 21 rules', () => {
  // 11 jumps; 3 rules of dispatch, 2 of masquerading, 1 of refusal, 3 checks in maps, 1 of cluster IPs; with networks of cluster IPs 1 more.
  expect(countRules(build(stateOf({}, { serviceCIDRs: [] })))).toEqual({ chains: 15, rules: 21, elements: 0 })
  expect(countRules(build(stateOf({})))).toEqual({ chains: 15, rules: 22, elements: 0 })
})

test('elements of sets and of maps count alike', () => {
  // In the sets: cluster IP, one local endpoint as its own client. In the maps: cluster IP, node port.
  const cart = { clusterIP: '172.30.0.41', nodePort: 30_041, endpoints: ['10.180.0.1', '10.180.1.1@node2'] }
  expect(countRules(build(stateOf({ cart })))).toEqual({ chains: 17, rules: 25, elements: 4 })
})
