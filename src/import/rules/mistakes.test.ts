import { describe, expect, test } from 'vitest'
import { kindOf } from '../dump-file.ts'
import { PROBLEMS_TOLD_MAX } from '../problems.ts'
import { readIptables } from './iptables-services.ts'
import { readIpvs } from './ipvs-services.ts'
import { readNftables } from './nftables-services.ts'

/** Every mistake has a line, and says what was expected. */
const READERS = { iptables: readIptables, ipvs: readIpvs, nftables: readNftables }

function mistakes(kind: keyof typeof READERS, text: string) {
  return READERS[kind]('dump', text).problems.told.map(
    ({ line, column, message, accepted }) => `${line}:${column} ${message} | ${accepted}`,
  )
}

describe('iptables-save', () => {
  const nat = (...lines: string[]) => ['*nat', ...lines, 'COMMIT', ''].join('\n')
  test.each([
    ['a line of something else', nat('hello'), '2:1 Cannot read "hello" as a line of iptables-save | *TABLE, :CHAIN'],
    ['a rule in no table', '-A KUBE-SVC-X -j ACCEPT\n', '1:1 The line stands in no table | a line such as *nat before it'],
    [
      'a quote that is not closed',
      nat('-A KUBE-SERVICES -m comment --comment "shop/web'),
      '2:39 A quote is not closed | a comment in double quotes',
    ],
    ['a port that is none', nat('-A KUBE-SERVICES --dport 65536 -j X'), '2:26 Cannot use "65536" for "--dport" | a port from 0 to 65535'],
    [
      'a chance above 1',
      nat('-A KUBE-SVC-X --probability 1.5 -j X'),
      '2:29 Cannot use "1.5" for "--probability" | a probability from 0 to 1',
    ],
    ['an option without a value', nat('-A KUBE-SVC-X -j'), '2:15 "-j" has no value | -j TARGET'],
    ['seconds that are none', nat('-A KUBE-SVC-X --rcheck --seconds ten -j X'), '2:34 Cannot use "ten" for "--seconds" | a whole number'],
    ['a file that is cut off', '*nat\n:KUBE-SERVICES - [0:0]\n', '2:1 The table nat does not end: the file is cut off | COMMIT'],
    ['a table that is none', '*na t\nCOMMIT\n', '1:1 Cannot read "*na t" as a table | *filter'],
  ])('%s', (_case, text, expected) => {
    expect(mistakes('iptables', text)).toEqual([expect.stringContaining(expected)])
  })

  test('an endpoint that is none', () => {
    const text = nat(
      '-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "a/b cluster IP" -m tcp --dport 80 -j KUBE-SVC-AAAA',
      '-A KUBE-SVC-AAAA -j KUBE-SEP-B',
      '-A KUBE-SEP-B -p tcp -j DNAT --to-destination 10.0.0:80',
    )
    expect(mistakes('iptables', text)).toEqual([expect.stringContaining('4:1 Cannot use "10.0.0:80" as an endpoint | ADDRESS:PORT')])
  })

  test(`of more than ${PROBLEMS_TOLD_MAX} mistakes the first are told, and how many more there are`, () => {
    const told = mistakes('iptables', nat(...Array.from({ length: 50 }, () => 'x')))
    expect(told).toHaveLength(PROBLEMS_TOLD_MAX)
    expect(told.at(-1)).toContain('there are 30 more mistakes')
  })

  test('chains of others are counted by whose they are, and rules that lead to kube-proxy are no loss', () => {
    const text = nat(
      '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
      '-A PREROUTING -j cali-PREROUTING',
      '-A cali-PREROUTING -j RETURN',
      '-A cali-nat-outgoing -j MASQUERADE',
      '-A DOCKER -i docker0 -j RETURN',
      '-A FLANNEL-POSTRTG -j RETURN',
      '[12:720] -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000',
    )
    const { dump, problems } = readIptables('dump', text)
    expect(problems.told).toEqual([])
    expect(dump.counts).toEqual({ natRules: 1, filterRules: 0 })
    expect(dump.skipped).toEqual([
      { what: 'other rules', count: 1 },
      { what: 'rules of Calico', count: 2 },
      { what: 'rules of Docker', count: 1 },
      { what: 'rules of Flannel', count: 1 },
    ])
  })

  test('chances that are not 1/n, and chains that lead nowhere, are found', () => {
    const rule = (chance: string, target: string) => `-A KUBE-SVC-AAAA ${chance} -j KUBE-SEP-${target}`
    const entry = '-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "a/b cluster IP" -m tcp --dport 80 -j KUBE-SVC-AAAA'
    const text = nat(entry, rule('-m statistic --mode random --probability 0.9', 'B'), rule('', 'C'))
    expect(readIptables('dump', text).dump.findings).toEqual([
      expect.stringContaining('1 chains choose among their endpoints with other chances than 1/n'),
      expect.stringContaining('2 chains of endpoints have no DNAT rule'),
    ])
  })
})

describe('ipvsadm', () => {
  const server = '-A -t 10.96.0.1:80 -s rr\n'
  test.each([
    ['a line of something else', 'hello\n', '1:1 Cannot read "hello" as a line of ipvsadm -Sn | -A -t'],
    [
      'names in place of digits',
      '-A -t kube-dns:domain -s rr\n',
      '1:7 Cannot use "kube-dns:domain" as the address of a virtual server | ADDRESS:PORT in digits',
    ],
    ['an option that is none', '-A -x 10.96.0.1:80 -s rr\n', '1:4 Cannot read "-x" as the protocol of a virtual server | '],
    ['an address that is none', '-A -t 10.96.0.256:80 -s rr\n', '1:7 Cannot use "10.96.0.256:80"'],
    [
      'a real server before its virtual one',
      '-a -t 10.96.0.1:80 -r 10.0.0.1:80 -m -w 1\n',
      '1:7 There is no virtual server 10.96.0.1:80 before this line',
    ],
    [
      'a real server that is none',
      `${server}-a -t 10.96.0.1:80 -r web -m -w 1\n`,
      '2:23 Cannot use "web" as a real server | -r ADDRESS:PORT',
    ],
    [
      'a weight that is none',
      `${server}-a -t 10.96.0.1:80 -r 10.0.0.1:80 -m -w -1\n`,
      '2:41 Cannot use "-1" as a weight | a whole number from 0',
    ],
    ['a word that is none', '-A -t 10.96.0.1:80 -s rr please\n', '1:26 Cannot read "please" in a line of ipvsadm -Sn'],
    ['a virtual server twice', server + server, '2:7 The virtual server 10.96.0.1:80 is there twice | each virtual server once'],
  ])('%s', (_case, text, expected) => {
    expect(mistakes('ipvs', text)).toEqual([expect.stringContaining(expected)])
  })

  test('persistence without a time is 300 s; firewall marks are counted; weight 0 is no endpoint and is told', () => {
    const text = '-A -f 7 -s rr\n-a -f 7 -r 10.0.0.9:80 -m -w 1\n-A -t 10.96.0.1:80 -s wlc -p\n-a -t 10.96.0.1:80 -r 10.0.0.1:80 -m -w 0\n'
    const { dump, problems } = readIpvs('dump', text)
    expect(problems.told).toEqual([])
    expect(dump.services).toMatchObject([{ affinitySeconds: 300, scheduler: 'wlc', endpoints: [] }])
    expect(dump.skipped).toEqual([{ what: 'virtual servers by firewall mark', count: 1 }])
    expect(dump.findings).toEqual([expect.stringContaining('1 real servers have weight 0')])
  })
})

describe('nft', () => {
  test.each([
    [
      'JSON that is cut off',
      '{"nftables": [\n{"table":',
      '2:10 This is no JSON: it is cut off or was changed | the output of `nft -j list ruleset`',
    ],
    ['no list', '{"nftables": 7}', '1:1 "nftables" is not a list'],
    ['an entry that is none', '{"nftables": [7]}', '1:1 Entry 0 of "nftables" is no object of nftables'],
    [
      'a chain without a name',
      '{"nftables": [{"chain": {"family": "ip", "table": "kube-proxy"}}]}',
      '1:1 Entry 0 of "nftables", a chain, has no name',
    ],
  ])('%s', (_case, text, expected) => {
    expect(mistakes('nftables', text)).toEqual([expect.stringContaining(expected)])
  })

  test('other tables, and the one of IPv6, are counted', () => {
    const rule = (family: string, table: string) => ({ rule: { family, table, chain: 'c', expr: [] } })
    const text = JSON.stringify({ nftables: [rule('inet', 'firewalld'), rule('ip6', 'kube-proxy'), rule('ip', 'docker')] })
    const { dump, problems } = readNftables('dump', text)
    expect(problems.told).toEqual([])
    expect(dump.counts).toEqual({ rules: 0, chains: 0, elements: 0 })
    expect(dump.skipped).toEqual([
      { what: 'rules of other tables', count: 2 },
      { what: 'rules of the table ip6 kube-proxy', count: 1 },
    ])
  })

  test('elements of a form that is not known are counted, not lost in silence', () => {
    const map = {
      map: {
        family: 'ip',
        table: 'kube-proxy',
        name: 'service-ips',
        elem: [7, [{ concat: ['10.96.0.1', 'tcp', 80] }, { goto: { target: 'x' } }]],
      },
    }
    expect(readNftables('dump', JSON.stringify({ nftables: [map] })).dump.skipped).toEqual([
      { what: 'elements of maps that name no Service', count: 2 },
    ])
  })
})

describe('which dump a text is', () => {
  test.each([
    ['# Generated by iptables-nft-save v1.8.9\n*nat\n', 'iptables'],
    ['\n*filter\n', 'iptables'],
    ['-A -t 10.96.0.1:443 -s rr\n', 'ipvs'],
    ['{"nftables": []}', 'nftables'],
    ['{\n  "nftables": [\n', 'nftables'],
    ['apiVersion: v1\nkind: List\n', 'objects'],
    ['{"apiVersion": "v1", "kind": "List"}', 'objects'],
    ['', 'empty'],
    ['\n# nothing\n', 'empty'],
    ['abc\0', 'binary'],
    ['IP Virtual Server version 1.2.1 (size=4096)\n', 'foreign'],
    ['table ip kube-proxy {\n', 'foreign'],
    ['Chain PREROUTING (policy ACCEPT)\n', 'foreign'],
    ['NAME   STATUS   ROLES\n', 'foreign'],
  ])('%j is %s', (text, kind) => {
    expect(kindOf(text).kind).toBe(kind)
  })
})
