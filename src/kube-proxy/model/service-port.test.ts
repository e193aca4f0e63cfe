import { describe, expect, test } from 'vitest'
import { rawService } from './cluster.fixture.ts'
import { externallyAccessible, readServicePorts, type ServicePort, usesClusterEndpoints, usesLocalEndpoints } from './service-port.ts'

const IPV4 = { ipFamily: 'IPv4' } as const
const IPV6 = { ipFamily: 'IPv6' } as const

function onlyPort(service: unknown, config: typeof IPV4 | typeof IPV6 = IPV4): ServicePort {
  const ports = readServicePorts([service], config)
  expect(ports).toHaveLength(1)
  return ports[0]!
}

describe('Services without Service ports', () => {
  test.each([
    ['headless', { clusterIP: 'None' }],
    ['no cluster IP yet', { clusterIP: '' }],
    ['ExternalName', { type: 'ExternalName', externalName: 'example.com' }],
    ['of the other family', { clusterIP: 'fd00::1' }],
    ['of the other family by its list', { clusterIP: 'fd00::1', clusterIPs: ['fd00::1'], ipFamilies: ['IPv6'] }],
    ['without ports', { ports: [] }],
  ])('%s', (_what, spec) => {
    expect(readServicePorts([rawService('web', spec)], IPV4)).toEqual([])
  })

  test.each(['service.kubernetes.io/service-proxy-name', 'service.kubernetes.io/headless'])('labelled %s', (label) => {
    const service = {
      metadata: { namespace: 'shop', name: 'web', labels: { [label]: '' } },
      spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] },
    }
    expect(readServicePorts([service], IPV4)).toEqual([])
  })
})

describe('a Service port', () => {
  test('has the defaults of what is not given', () => {
    expect(onlyPort({ metadata: { name: 'web' }, spec: { clusterIP: '10.0.0.1', ports: [{ port: 80 }] } })).toEqual({
      servicePortName: 'default/web',
      namespace: 'default',
      name: 'web',
      portName: '',
      protocol: 'TCP',
      clusterIP: '10.0.0.1',
      port: 80,
      nodePort: 0,
      externalIPs: [],
      loadBalancerVIPs: [],
      loadBalancerSourceRanges: [],
      sessionAffinityClientIPSeconds: null,
      externalPolicyLocal: false,
      internalPolicyLocal: false,
      healthCheckNodePort: 0,
    })
  })

  test('is one of as many as the Service has, in their order, under one name', () => {
    const ports = [
      { name: 'dns', protocol: 'UDP', port: 53 },
      { name: 'dns-tcp', protocol: 'TCP', port: 53, nodePort: 30053 },
    ]
    const read = readServicePorts([rawService('dns', { ports })], IPV4)
    expect(read.map(({ servicePortName, protocol, nodePort }) => [servicePortName, protocol, nodePort])).toEqual([
      ['shop/dns:dns', 'UDP', 0],
      ['shop/dns:dns-tcp', 'TCP', 30053],
    ])
  })

  test('takes of every address what is of its family, in canonical form', () => {
    const service = {
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        clusterIP: '172.30.0.041',
        clusterIPs: ['172.30.0.041', 'FD00:172::1'],
        ipFamilies: ['IPv4', 'IPv6'],
        ports: [{ name: 'http', port: 80 }],
        externalIPs: ['192.168.099.022', '2001:DB8::1'],
        loadBalancerSourceRanges: [' 203.0.113.000/025', ' fd00::/8 ', '0.0.0.0/0'],
        type: 'LoadBalancer',
      },
      status: {
        loadBalancer: {
          ingress: [
            { ip: '1.2.3.004' },
            { ip: '1.2.3.5', ipMode: 'Proxy' },
            { ip: '1.2.3.6', ipMode: 'VIP' },
            { hostname: 'lb' },
            { ip: '2600::0' },
          ],
        },
      },
    }
    expect(onlyPort(service)).toMatchObject({
      clusterIP: '172.30.0.41',
      externalIPs: ['192.168.99.22'],
      loadBalancerVIPs: ['1.2.3.4', '1.2.3.6'],
      loadBalancerSourceRanges: ['203.0.113.0/25', '0.0.0.0/0'],
    })
    expect(onlyPort(service, IPV6)).toMatchObject({
      clusterIP: 'fd00:172::1',
      externalIPs: ['2001:db8::1'],
      loadBalancerVIPs: ['2600::'],
      loadBalancerSourceRanges: ['fd00::/8'],
    })
  })

  test('keeps clients for three hours unless told how long', () => {
    expect(onlyPort(rawService('web', { sessionAffinity: 'ClientIP' })).sessionAffinityClientIPSeconds).toBe(10_800)
    const config = { clientIP: { timeoutSeconds: 60 } }
    expect(onlyPort(rawService('web', { sessionAffinity: 'ClientIP', sessionAffinityConfig: config })).sessionAffinityClientIPSeconds).toBe(
      60,
    )
    expect(
      onlyPort(rawService('web', { sessionAffinity: 'None', sessionAffinityConfig: config })).sessionAffinityClientIPSeconds,
    ).toBeNull()
  })
})

describe('policies', () => {
  const local = { externalTrafficPolicy: 'Local', healthCheckNodePort: 32_000 }
  test.each([
    ['LoadBalancer', { type: 'LoadBalancer', ...local }, true, 32_000],
    ['NodePort has no health check', { type: 'NodePort', ...local }, true, 0],
    ['ClusterIP with an external IP', { type: 'ClusterIP', externalIPs: ['1.2.3.4'], ...local }, true, 0],
    ['ClusterIP has no way in from outside', { type: 'ClusterIP', ...local }, false, 0],
    ['policy Cluster has no health check', { type: 'LoadBalancer', ...local, externalTrafficPolicy: 'Cluster' }, false, 0],
  ])('external Local: %s', (_what, spec, externalPolicyLocal, healthCheckNodePort) => {
    expect(onlyPort(rawService('web', spec))).toMatchObject({ externalPolicyLocal, healthCheckNodePort })
  })

  const port = onlyPort(rawService('web'))
  test.each([
    ['ClusterIP', {}, { accessible: false, cluster: true, local: false }],
    ['internal Local', { internalPolicyLocal: true }, { accessible: false, cluster: false, local: true }],
    ['internal Local with a node port', { internalPolicyLocal: true, nodePort: 1 }, { accessible: true, cluster: true, local: true }],
    ['external Local', { externalPolicyLocal: true, externalIPs: ['1.2.3.4'] }, { accessible: true, cluster: true, local: true }],
    ['external Local without a way in', { externalPolicyLocal: true }, { accessible: false, cluster: true, local: false }],
    ['external Cluster', { loadBalancerVIPs: ['1.2.3.4'] }, { accessible: true, cluster: true, local: false }],
  ])('%s', (_what, changes, expected) => {
    const changed = { ...port, ...changes }
    expect({
      accessible: externallyAccessible(changed),
      cluster: usesClusterEndpoints(changed),
      local: usesLocalEndpoints(changed),
    }).toEqual(expected)
  })
})
