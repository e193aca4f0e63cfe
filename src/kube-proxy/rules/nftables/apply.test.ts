import { expect, test } from 'vitest'
import { apply } from './apply.ts'
import { build } from './build.ts'
import { diff, print } from './diff.ts'
import { stateOf } from './testing/state.ts'

const table = build(stateOf({ cart: { clusterIP: '172.30.0.41', endpoints: ['10.180.0.1'] } }))
const family = 'ip'

test('the transaction of a first sync makes the table', () => {
  expect(print(apply(null, diff(null, table), table.localAddresses))).toBe(print(table))
})

test('what is there is not changed, and shared where the transaction leaves it', () => {
  const text = print(table)
  const after = apply(table, { family, commands: [{ kind: 'delete-element', container: 'cluster-ips', key: '172.30.0.41' }] })
  expect(print(table)).toBe(text)
  expect(after.sets.get('cluster-ips')?.elements.size).toBe(0)
  expect(after.maps.get('service-ips')).toBe(table.maps.get('service-ips'))
  expect(after.localAddresses).toBe(table.localAddresses)
})

test('a set and a map are empty when they are added, a chain has no rules', () => {
  const set = table.sets.get('cluster-ips')!
  const map = table.maps.get('service-ips')!
  const chain = table.chains.get('services')!
  const after = apply(null, {
    family,
    commands: [{ kind: 'add-table' }, { kind: 'add-set', set }, { kind: 'add-map', map }, { kind: 'add-chain', chain }],
  })
  expect(after.sets.get(set.name)?.elements.size).toBe(0)
  expect(after.maps.get(map.name)?.elements.size).toBe(0)
  expect(after.chains.get(chain.name)?.rules).toEqual([])
})

test('adding what is there leaves it as it is', () => {
  const set = table.sets.get('cluster-ips')!
  const chain = table.chains.get('services')!
  const after = apply(table, {
    family,
    commands: [
      { kind: 'add-set', set },
      { kind: 'add-chain', chain },
    ],
  })
  expect(print(after)).toBe(print(table))
})

test.each([
  ['an element that is not there', { kind: 'delete-element', container: 'service-ips', key: '1.1.1.1 . tcp . 1' }],
  ['a set that is not there', { kind: 'delete-set', name: 'nowhere' }],
  ['a chain that is not there', { kind: 'delete-chain', name: 'nowhere' }],
  ['rules of a chain that is not there', { kind: 'flush-chain', name: 'nowhere' }],
] as const)('%s cannot be deleted', (_what, command) => {
  expect(() => apply(table, { family, commands: [command] })).toThrow(/not there|no chain/)
})

test('an element of a map is not overwritten', () => {
  const value = { verdict: { kind: 'drop' }, comment: null } as const
  const command = { kind: 'add-element', container: 'service-ips', key: '172.30.0.41 . tcp . 80', value } as const
  expect(() => apply(table, { family, commands: [command] })).toThrow('added twice')
})
