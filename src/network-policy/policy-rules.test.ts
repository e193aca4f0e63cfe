import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readManifests } from '../api/manifest.ts'
import type { NetworkPolicy, StringMap } from '../api/objects/index.ts'
import { parseIpv4 } from '../network/addresses.ts'
import { type Direction, isAllowed, NAMESPACE_NAME_LABEL, type PolicyPod, PolicyRules, type PolicyTraffic } from './policy-rules.ts'

async function read(...specs: string[]): Promise<NetworkPolicy[]> {
  const text = specs
    .map((spec, i) => `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: p${i}, namespace: shop }\nspec: ${spec}\n`)
    .join('---\n')
  const { objects, problems, warnings } = await readManifests([{ path: 'p.yaml', text }])
  expect([problems, warnings]).toEqual([[], []])
  return objects.map(({ object }) => object as NetworkPolicy)
}

interface End {
  readonly address: string
  readonly pod: PolicyPod | null
}

const pod = (namespace: string, app: string, address: string): End => ({
  address,
  pod: {
    namespace,
    labels: { app },
    ports: [
      { name: 'http', containerPort: 8080, protocol: 'TCP' },
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
    ],
  },
})

const WEB = pod('shop', 'web', '10.244.0.1')
const CLIENT = pod('shop', 'client', '10.244.0.2')
const MONITOR = pod('ops', 'prometheus', '10.244.1.3')
const DNS = pod('kube-system', 'dns', '10.244.1.4')
const OUTSIDE: End = { address: '198.18.0.7', pod: null }
const HTTP: PolicyTraffic = { port: 8080, protocol: 'TCP' }
const QUERY: PolicyTraffic = { port: 53, protocol: 'UDP' }

const LABELS: Readonly<Record<string, StringMap>> = { ops: { team: 'ops' } }
const labelsOf = (namespace: string): StringMap => ({ ...LABELS[namespace], [NAMESPACE_NAME_LABEL]: namespace })

/** Both ends decide, each by its own policies. */
function passes(policies: readonly NetworkPolicy[], from: End, to: End, traffic: PolicyTraffic = HTTP): boolean {
  const rules = policies.map((policy) => new PolicyRules(policy))
  const lets = (direction: Direction, end: End, other: End): boolean => {
    if (end.pod === null) return true
    const { pod } = end
    const selecting = rules.filter((policy) => policy.selects(direction, pod))
    return isAllowed(selecting, direction, pod, { address: parseIpv4(other.address)!, pod: other.pod }, traffic, labelsOf)
  }
  return lets('Egress', from, to) && lets('Ingress', to, from)
}

describe('well-known recipes', () => {
  test('without a policy everything passes', () => {
    expect(passes([], OUTSIDE, WEB)).toBe(true)
  })

  test('deny all that comes in: also what others let through, and not what goes out', async () => {
    const policies = await read('{ podSelector: {} }')
    expect(passes(policies, CLIENT, WEB)).toBe(false)
    expect(passes(policies, OUTSIDE, WEB)).toBe(false)
    expect(passes(policies, WEB, MONITOR)).toBe(true)
    expect(passes(policies, WEB, OUTSIDE)).toBe(true)
  })

  test('allow from one app, and nobody else; it is additive to deny all', async () => {
    const allow = '{ podSelector: { matchLabels: { app: web } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: client } } }] }] }'
    for (const policies of [await read(allow), await read('{ podSelector: {} }', allow)]) {
      expect(passes(policies, CLIENT, WEB)).toBe(true)
      expect(passes(policies, MONITOR, WEB)).toBe(false)
      // A podSelector alone means pods of the policy's own namespace.
      expect(passes(policies, pod('ops', 'client', '10.244.1.9'), WEB)).toBe(false)
    }
  })

  test('allow from a namespace, by its labels or by its name', async () => {
    for (const labels of ['team: ops', `${NAMESPACE_NAME_LABEL}: ops`]) {
      const policies = await read(`{ podSelector: {}, ingress: [{ from: [{ namespaceSelector: { matchLabels: { ${labels} } } }] }] }`)
      expect(passes(policies, MONITOR, WEB)).toBe(true)
      expect(passes(policies, CLIENT, WEB)).toBe(false)
    }
  })

  test('both selectors in one peer must hold, in two peers one is enough', async () => {
    const [one, two] = [
      '{ namespaceSelector: {}, podSelector: { matchLabels: { app: dns } } }',
      '{ namespaceSelector: { matchLabels: { team: ops } } }',
    ]
    const both = await read(`{ podSelector: {}, ingress: [{ from: [${one}] }] }`)
    expect([passes(both, DNS, WEB), passes(both, MONITOR, WEB)]).toEqual([true, false])
    const either = await read(`{ podSelector: {}, ingress: [{ from: [${one}, ${two}] }] }`)
    expect([passes(either, DNS, WEB), passes(either, MONITOR, WEB), passes(either, CLIENT, WEB)]).toEqual([true, true, false])
  })

  test('allow one port: by number, by name, in a range, of one protocol', async () => {
    for (const port of ['port: 8080', 'port: http', 'port: 8000, endPort: 8080', 'protocol: TCP']) {
      const policies = await read(`{ podSelector: {}, ingress: [{ ports: [{ ${port} }] }] }`)
      expect(passes(policies, OUTSIDE, WEB)).toBe(true)
      expect(passes(policies, OUTSIDE, WEB, { port: 8080, protocol: 'UDP' })).toBe(false)
      if (port !== 'protocol: TCP') expect(passes(policies, OUTSIDE, WEB, { port: 8081, protocol: 'TCP' })).toBe(false)
    }
  })

  test('deny all that goes out breaks DNS, until port 53 is let through; a name is that of the pod called', async () => {
    const deny = '{ podSelector: {}, policyTypes: [Egress] }'
    expect(passes(await read(deny), CLIENT, DNS, QUERY)).toBe(false)
    for (const port of ['53', 'dns']) {
      const dns = `{ podSelector: {}, policyTypes: [Egress], egress: [{ to: [{ namespaceSelector: {} }], ports: [{ protocol: UDP, port: ${port} }] }] }`
      const policies = await read(deny, dns)
      expect(passes(policies, CLIENT, DNS, QUERY)).toBe(true)
      expect(passes(policies, CLIENT, WEB)).toBe(false)
    }
  })

  test('an ipBlock lets its addresses through but for the exceptions; 0.0.0.0/0 is everybody', async () => {
    const block = (text: string) => read(`{ podSelector: {}, ingress: [{ from: [{ ipBlock: ${text} }] }] }`)
    const policies = await block('{ cidr: 198.18.0.0/15, except: [198.18.0.8/29] }')
    expect(passes(policies, OUTSIDE, WEB)).toBe(true)
    expect(passes(policies, { address: '198.18.0.9', pod: null }, WEB)).toBe(false)
    expect(passes(policies, CLIENT, WEB)).toBe(false)
    expect(passes(await block('{ cidr: 0.0.0.0/0 }'), CLIENT, WEB)).toBe(true)
    expect(passes(await block('{ cidr: "2001:db8::/32" }'), OUTSIDE, WEB)).toBe(false)
  })

  test('policyTypes are Ingress, and Egress when there are rules for it', async () => {
    const [ingress, both, none] = await read(
      '{ podSelector: {}, egress: [] }',
      '{ podSelector: {}, egress: [{}] }',
      '{ podSelector: {}, policyTypes: [Egress] }',
    )
    expect([ingress, both, none].map((policy) => policy!.spec.policyTypes)).toEqual([['Ingress'], ['Ingress', 'Egress'], ['Egress']])
    expect(passes([both!], CLIENT, OUTSIDE)).toBe(true)
  })
})

describe('against a slow and obvious model', () => {
  const APPS = ['a', 'b']
  const NAMESPACES = ['shop', 'ops']
  const selector = fc.option(
    fc.record({
      matchLabels: fc.constantFrom<StringMap>({}, { app: 'a' }, { app: 'b' }, { team: 'ops' }),
      matchExpressions: fc.constant([]),
    }),
  )
  const cidr = fc.tuple(fc.constantFrom('10.0.0.0', '10.0.0.4', '10.0.0.6', '128.0.0.0'), fc.constantFrom(0, 8, 29, 30, 31, 32))
  const cidrText = cidr.map(([address, prefix]) => `${prefix === 0 ? '0.0.0.0' : address}/${prefix}`)
  const peer = fc.oneof(
    fc
      .tuple(selector, selector)
      .filter(([a, b]) => a !== null || b !== null)
      .map(([podSelector, namespaceSelector]) => ({ podSelector, namespaceSelector, ipBlock: null })),
    fc
      .record({ cidr: cidrText, except: fc.array(cidrText, { maxLength: 2 }) })
      .map((ipBlock) => ({ podSelector: null, namespaceSelector: null, ipBlock })),
  )
  const port = fc.oneof(
    fc.record({
      protocol: fc.constantFrom('TCP' as const, 'UDP' as const),
      port: fc.constantFrom(null, 1, 3, 'http'),
      endPort: fc.constant(null),
    }),
    fc.record({ protocol: fc.constantFrom('TCP' as const, 'UDP' as const), port: fc.constantFrom(1, 2), endPort: fc.constantFrom(2, 4) }),
  )
  const rules = fc.array(fc.record({ peers: fc.array(peer, { maxLength: 2 }), ports: fc.array(port, { maxLength: 2 }) }), { maxLength: 2 })
  const policy = fc.record({
    namespace: fc.constantFrom(...NAMESPACES),
    podSelector: selector.map((one) => one ?? { matchLabels: {}, matchExpressions: [] }),
    policyTypes: fc.subarray(['Ingress' as const, 'Egress' as const], { minLength: 1 }),
    ingress: rules,
    egress: rules,
  })
  const end = fc.record({
    address: fc.constantFrom('10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.7', '128.0.0.1'),
    namespace: fc.constantFrom(...NAMESPACES, null),
    app: fc.constantFrom(...APPS),
  })

  const bits = (address: string): string =>
    address
      .split('.')
      .map((octet) => Number(octet).toString(2).padStart(8, '0'))
      .join('')
  const isIn = (address: string, block: string): boolean => {
    const [base, prefix] = block.split('/')
    return bits(address).slice(0, Number(prefix)) === bits(base!).slice(0, Number(prefix))
  }
  const has = (wanted: StringMap, labels: StringMap): boolean => Object.entries(wanted).every(([key, value]) => labels[key] === value)

  /** Every allowed (port, protocol) of a rule is written out; the traffic is looked for among them. */
  function slow(specs: (typeof policy extends fc.Arbitrary<infer P> ? P : never)[], from: End, to: End, traffic: PolicyTraffic): boolean {
    const side = (direction: Direction, me: End, other: End): boolean => {
      if (me.pod === null) return true
      const mine = specs.filter(
        (spec) =>
          spec.namespace === me.pod!.namespace && has(spec.podSelector.matchLabels, me.pod!.labels) && spec.policyTypes.includes(direction),
      )
      if (mine.length === 0) return true
      for (const spec of mine) {
        for (const { peers, ports } of direction === 'Ingress' ? spec.ingress : spec.egress) {
          const open = new Set<string>()
          for (const one of ports) {
            const first = one.port === 'http' ? (to.pod === null ? 0 : 3) : one.port === null ? 1 : (one.port as number)
            const last = one.port === null ? 5 : (one.endPort ?? first)
            const named = one.port === 'http' && one.protocol !== 'TCP'
            if (!named) for (let p = first; p <= last; p++) open.add(`${p}/${one.protocol}`)
          }
          const portIsOpen = ports.length === 0 || open.has(`${traffic.port}/${traffic.protocol}`)
          let peerIsMeant = peers.length === 0
          for (const { podSelector, namespaceSelector, ipBlock } of peers) {
            if (ipBlock !== null)
              peerIsMeant ||= isIn(other.address, ipBlock.cidr) && !ipBlock.except.some((block) => isIn(other.address, block))
            else if (other.pod !== null) {
              const there =
                namespaceSelector === null
                  ? other.pod.namespace === spec.namespace
                  : has(namespaceSelector.matchLabels, labelsOf(other.pod.namespace))
              peerIsMeant ||= there && has(podSelector?.matchLabels ?? {}, other.pod.labels)
            }
          }
          if (portIsOpen && peerIsMeant) return true
        }
      }
      return false
    }
    return side('Egress', from, to) && side('Ingress', to, from)
  }

  test('a verdict is the same', () => {
    const seen = { true: 0, false: 0 }
    fc.assert(
      fc.property(
        fc.array(policy, { maxLength: 4 }),
        end,
        end,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (specs, a, b, number, tcp) => {
          const of = ({ address, namespace, app }: typeof a): End => ({
            address,
            pod: namespace === null ? null : { namespace, labels: { app }, ports: [{ name: 'http', containerPort: 3, protocol: 'TCP' }] },
          })
          const traffic: PolicyTraffic = { port: number, protocol: tcp ? 'TCP' : 'UDP' }
          const policies = specs.map(
            ({ namespace, ...spec }, i) =>
              ({
                apiVersion: 'networking.k8s.io/v1',
                kind: 'NetworkPolicy',
                metadata: { name: `p${i}`, namespace },
                spec,
              }) as unknown as NetworkPolicy,
          )
          const verdict = passes(policies, of(a), of(b), traffic)
          seen[`${verdict}`]++
          expect(verdict).toBe(slow(specs, of(a), of(b), traffic))
        },
      ),
      { numRuns: 3000, seed: 7 },
    )
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(300)
  })
})
