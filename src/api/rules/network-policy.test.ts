import { describe, expect, test } from 'vitest'
import { readManifests } from '../manifest.ts'

async function read(spec: string) {
  const text = `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: { name: x }\nspec: ${spec}\n`
  const { objects, problems, warnings } = await readManifests([{ path: 'p.yaml', text }])
  return { object: objects[0]?.object, problems: problems.map(({ message }) => message), warnings: warnings.map(({ message }) => message) }
}

const from = (peer: string) => `{ podSelector: {}, ingress: [{ from: [${peer}] }] }`
const ports = (port: string) => `{ podSelector: {}, egress: [{ ports: [${port}] }] }`

test('a NetworkPolicy acts: it is read whole, without a warning', async () => {
  const { object, problems, warnings } = await read(`
  podSelector: { matchLabels: { app: web } }
  ingress:
    - from: [{ podSelector: {} }, { ipBlock: { cidr: 10.0.0.0/8, except: [10.1.0.0/16] } }]
      ports: [{ port: http }, { protocol: UDP, port: 100, endPort: 200 }]`)
  expect([problems, warnings]).toEqual([[], []])
  const all = { matchLabels: {}, matchExpressions: [] }
  expect(object).toMatchObject({
    kind: 'NetworkPolicy',
    spec: {
      podSelector: { matchLabels: { app: 'web' }, matchExpressions: [] },
      policyTypes: ['Ingress'],
      ingress: [
        {
          peers: [
            { podSelector: all, namespaceSelector: null, ipBlock: null },
            { podSelector: null, namespaceSelector: null, ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } },
          ],
          ports: [
            { protocol: 'TCP', port: 'http', endPort: null },
            { protocol: 'UDP', port: 100, endPort: 200 },
          ],
        },
      ],
      egress: [],
    },
  })
})

describe('a NetworkPolicy is refused', () => {
  test.each([
    ['an empty peer', from('{}'), 'A peer needs'],
    ['an ipBlock beside a selector', from('{ podSelector: {}, ipBlock: { cidr: 10.0.0.0/8 } }'), 'not both'],
    ['an ipBlock without a network', from('{ ipBlock: {} }'), 'cidr'],
    ['an address for a network', from('{ ipBlock: { cidr: 10.0.0.1 } }'), 'as a network'],
    ['bits after the prefix', from('{ ipBlock: { cidr: 10.0.0.1/8 } }'), 'bits set after the prefix'],
    ['an exception elsewhere', from('{ ipBlock: { cidr: 10.0.0.0/8, except: [11.0.0.0/16] } }'), 'it is no part of 10.0.0.0/8'],
    ['the whole as an exception', from('{ ipBlock: { cidr: 10.0.0.0/8, except: [10.0.0.0/8] } }'), 'it is no part of 10.0.0.0/8'],
    ['port 0', ports('{ port: 0 }'), 'Cannot use 0 for "port"'],
    ['a bad name of a port', ports('{ port: Http_ }'), 'the name of a port'],
    ['a range from a name', ports('{ port: http, endPort: 90 }'), '"endPort" needs a "port" that is a number'],
    ['a range that ends before it begins', ports('{ port: 90, endPort: 80 }'), 'Cannot use 80 for "endPort"'],
    ['another protocol', ports('{ protocol: ICMP }'), 'ICMP'],
    ['another policy type', '{ podSelector: {}, policyTypes: [Both] }', 'Both'],
    ['a requirement without values', '{ podSelector: { matchExpressions: [{ key: a, operator: In }] } }', 'at least one value'],
  ])('%s', async (_, spec, message) => {
    expect((await read(spec)).problems.join('\n')).toContain(message)
  })
})
