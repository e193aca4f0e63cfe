import { describe, expect, test } from 'vitest'
import { memoryFiles } from './load-files.ts'
import { loadScenario } from './load-scenario.ts'

const service = (name: string, spec: string) => `---
apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: web }, ${spec} }
`
const MANIFESTS = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: web:v1 }] }
${service('fixed', 'clusterIP: 10.96.7.7, ports: [{ name: a, port: 80 }, { name: b, port: 53, protocol: UDP }]')}${service(
  'open',
  'type: NodePort, ports: [{ name: a, port: 8080, nodePort: 30080 }, { name: b, port: 53, nodePort: 30053, protocol: UDP }]',
)}${service('chosen', 'type: NodePort, ports: [{ port: 80 }]')}`

function load(to: string, from = 'pods: app=web') {
  const scenario = `apiVersion: towtank/v1
kind: Scenario
metadata: { name: numbers }
spec:
  manifests: [app.yaml]
  traffic:
    - { name: calls, to: "${to}", from: { ${from} }, arrivals: constant(1/s) }
`
  return loadScenario('run.yaml', memoryFiles({ 'run.yaml': scenario, 'app.yaml': MANIFESTS }))
}

async function target(to: string, from?: string) {
  const result = await load(to, from)
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  return result.variants[0]!.scenario.traffic[0]!.target
}

async function mistakes(to: string, from?: string): Promise<string[]> {
  const result = await load(to, from)
  if (result.ok) throw new Error('no problem was found')
  return result.problems.map(({ message, accepted }) => `${message}; ${accepted}`)
}

const OUTSIDE = 'external: true'

describe('addresses in numbers', () => {
  test('the cluster IP that a manifest fixes', async () => {
    const fixed = { namespace: 'default', service: 'fixed', host: '10.96.7.7', isNumeric: true }
    expect(await target('http://10.96.7.7/cart')).toEqual({ ...fixed, port: 80, path: '/cart' })
    expect(await target('http://10.96.7.7', 'nodes: all')).toEqual({ ...fixed, port: 80, path: '/' })
    expect(await target('udp://10.96.7.7:53')).toEqual({ ...fixed, port: 53, path: '/', protocol: 'UDP' })
  })

  test('a node port of a node, by its name or its address', async () => {
    const open = { namespace: 'default', service: 'open', isNumeric: true, path: '/' }
    expect(await target('http://worker-2:30080', OUTSIDE)).toEqual({ ...open, host: 'worker-2', port: 8080, node: 1 })
    expect(await target('http://172.16.0.1:30080', OUTSIDE)).toEqual({ ...open, host: '172.16.0.1', port: 8080, node: 0 })
    expect(await target('udp://worker-1:30053', OUTSIDE)).toEqual({ ...open, host: 'worker-1', port: 53, node: 0, protocol: 'UDP' })
  })

  test.each([
    [
      'http://10.96.9.9',
      undefined,
      'No Service of the manifests has the cluster IP 10.96.9.9, and no node that address: a cluster IP that the cluster chooses is not known before it runs; clusterIP: 10.96.9.9 in a Service, or http://NAME.NAMESPACE.svc; the manifests fix 10.96.7.7',
    ],
    ['http://10.96.7.7:81', undefined, 'Service "fixed" has no TCP port 81; :80'],
    ['udp://10.96.7.7', undefined, 'The address does not say which port; :53'],
    ['udp://10.96.7.7:53/x', undefined, 'A datagram has no path; udp://10.96.7.7:PORT'],
    ['https://10.96.7.7', undefined, expect.stringContaining('Cannot send "https" requests to a Service')],
    [
      'http://10.96.7.7',
      OUTSIDE,
      '10.96.7.7 is the cluster IP of Service "fixed", which clients outside the cluster cannot reach; from: { pods: SELECTOR } or { nodes: all }, or the name of the Service',
    ],
    ['http://worker-1', OUTSIDE, 'The address of the node "worker-1" does not say which node port; :30080'],
    [
      'http://worker-1:30053',
      OUTSIDE,
      'No Service of the manifests fixes the TCP node port 30053: one that the cluster chooses is not known before it runs; :30080',
    ],
    [
      'http://worker-1:30080',
      'pods: app=web',
      '"worker-1" is a node: only clients outside the cluster call at node ports here; from: { external: true }, or the name of a Service',
    ],
    ['http://worker-9:30080', OUTSIDE, expect.stringContaining('does not say in which namespace')],
  ])('not %s from { %s }', async (to, from, expected) => {
    expect(await mistakes(to, from)).toEqual([expected])
  })
})
