import { expect, test } from 'vitest'
import { stateWith } from '../../model/cluster.fixture.ts'
import { build } from './build.ts'
import { hooks, printHooks } from './hooks.ts'

test('every shared chain but those that rules jump to hangs on one of the kernel’s', () => {
  const state = stateWith([], [])
  const hooked = new Set(hooks(state.config).map(({ table, rule }) => `${table} ${rule.target?.kind === 'jump' ? rule.target.chain : ''}`))
  const { filter, nat } = build(state)
  const chains = [...[...filter.chains.keys()].map((chain) => `filter ${chain}`), ...[...nat.chains.keys()].map((chain) => `nat ${chain}`)]
  expect(chains.filter((chain) => !hooked.has(chain))).toEqual(['nat KUBE-NODEPORTS', 'nat KUBE-MARK-MASQ'])
  expect([...hooked].filter((chain) => !chains.includes(chain))).toEqual([])
})

test('the text puts each in front, and has no loopback guard where node ports do not answer there', () => {
  const text = printHooks(stateWith([], [], { localhostNodePorts: false }).config)
  expect(text).not.toContain('KUBE-FIREWALL')
  expect(text.split('\n').slice(0, 3)).toEqual([
    '*filter',
    '-I INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES',
    '-I FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES',
  ])
  expect(text).toContain('\n-I PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES\n')
  expect(text).not.toContain('-A ')
})
