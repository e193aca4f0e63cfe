import { describe, expect, test } from 'vitest'
import { rawService, rawSlice, stateWith } from '../../model/cluster.fixture.ts'
import { build, buildSync } from './build.ts'
import { print, printProbability } from './print.ts'

describe('text for iptables-restore', () => {
  test('a table is its name, its chains, its rules, COMMIT', () => {
    const lines = print(build(stateWith([rawService('web')], [rawSlice('web', ['10.1.0.1'])]))).split('\n')
    const shape = lines.map((line) => line.replace(/^(\*\w+|:|-A|COMMIT).*/, '$1')).filter((mark, at, all) => mark !== all[at - 1])
    expect(shape).toEqual(['*filter', ':', '-A', 'COMMIT', '*nat', ':', '-A', 'COMMIT', ''])
  })

  test('chains are removed after all rules, and are emptied first', () => {
    const state = stateWith([], [])
    const text = print(buildSync(state, { changed: null, kernelChains: ['KUBE-SEP-OLD', 'MINE', 'KUBE-SERVICES'], deletesStale: true }))
    expect(text).toContain('\n:KUBE-SEP-OLD - [0:0]\n')
    expect(text).toMatch(/\n-A .*\n-X KUBE-SEP-OLD\nCOMMIT\n$/)
    expect(text).not.toMatch(/MINE|-X KUBE-SERVICES/)
  })

  test('IPv6 endpoints stand in brackets, their sources do not', () => {
    const service = rawService('web', { clusterIP: 'fd00:172::1' })
    const slice = rawSlice('web', ['fd00:10::1'], { addressType: 'IPv6' })
    const text = print(build(stateWith([service], [slice], { ipFamily: 'IPv6', localDetectorCIDR: 'fd00:10::/64' })))
    expect(text).toContain('-s fd00:10::1 -j KUBE-MARK-MASQ')
    expect(text).toContain('-j DNAT --to-destination [fd00:10::1]:8080')
    expect(text).toContain('-d fd00:172::1 --dport 80 ! -s fd00:10::/64 -j KUBE-MARK-MASQ')
  })

  test('each protocol has its own match module', () => {
    const ports = ['TCP', 'UDP', 'SCTP'].map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: 53 }))
    const text = print(build(stateWith([rawService('dns', { ports })], [])))
    expect(text.match(/-m (\w+) -p \1 -d 172.30.0.1/g)).toEqual(['tcp', 'udp', 'sctp'].map((name) => `-m ${name} -p ${name} -d 172.30.0.1`))
  })
})

describe('chances', () => {
  test.each([
    [2, '0.5000000000'],
    [3, '0.3333333333'],
    [6, '0.1666666667'],
    [7, '0.1428571429'],
    [1000, '0.0010000000'],
    [1024, '0.0009765625'],
    // 0.00048828125 is half-way: the even neighbour.
    [2048, '0.0004882812'],
    [4096, '0.0002441406'],
  ])('one of %d', (n, text) => {
    expect(printProbability(n)).toBe(text)
  })
})
