import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type EndpointConditions, type EndpointSlice, HEADLESS_LABEL, SERVICE_NAME_LABEL } from '../api/objects/index.ts'
import { emptyMeta } from '../control-plane/empty-meta.ts'
import { NOT_READY, READY, TERMINATING, TestCluster } from '../workload/test-cluster.ts'
import type { ServiceHistory } from './service-history.ts'

/** What a node at these revisions sends to, as `ip:port`; null without rules. */
function endpointsAt(history: ServiceHistory, service: string, serviceRevision: number, sliceRevision: number, port = 80): string[] | null {
  const rules = history.rules(history.servicePort('shop', service, port, 'TCP'), serviceRevision)
  if (rules === null) return null
  return Array.from(history.endpoints(rules.endpointPort, sliceRevision).cluster(0).endpoints, (id) => history.addresses.endpointName(id))
}

describe('ServiceHistory', () => {
  test('a node sees the Services of its Service revision with the endpoints of its EndpointSlice revision', () => {
    const c = new TestCluster()
    const { history } = c.dataPlane
    const created = c.service('web')
    const one = c.slice('web', [['10.0.0.1', READY]])
    const two = c.slice('web', [
      ['10.0.0.1', READY],
      ['10.0.0.2', READY],
    ])
    const gone = c.service('web', { deleted: true })
    expect(endpointsAt(history, 'web', created - 1, two)).toBeNull()
    expect(endpointsAt(history, 'web', created, one - 1)).toEqual([])
    expect(endpointsAt(history, 'web', created, one)).toEqual(['10.0.0.1:8080'])
    expect(endpointsAt(history, 'web', gone - 1, two)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080'])
    expect(endpointsAt(history, 'web', gone, two)).toBeNull()
  })

  test.each<[string, [string, EndpointConditions][], string[]]>([
    [
      'ready ones only, while there are any',
      [
        ['10.0.0.1', TERMINATING],
        ['10.0.0.2', READY],
        ['10.0.0.3', NOT_READY],
      ],
      ['10.0.0.2'],
    ],
    [
      'those that serve while they terminate, when none is ready',
      [
        ['10.0.0.1', TERMINATING],
        ['10.0.0.3', NOT_READY],
      ],
      ['10.0.0.1'],
    ],
    ['none, when none serves', [['10.0.0.3', NOT_READY]], []],
    [
      'in the order of strings, not of numbers',
      [
        ['10.0.0.9', READY],
        ['10.0.0.10', READY],
      ],
      ['10.0.0.10', '10.0.0.9'],
    ],
  ])('endpoints are %s', (_name, endpoints, expected) => {
    const c = new TestCluster()
    c.service('web')
    c.slice('web', endpoints)
    expect(endpointsAt(c.dataPlane.history, 'web', c.revision, c.revision)).toEqual(expected.map((address) => `${address}:8080`))
  })

  test('slices of one Service are merged by address, and the first in the order of their names counts', () => {
    const c = new TestCluster()
    c.service('web')
    c.slice('web', [['10.0.0.1', NOT_READY]], 'web-b')
    c.slice(
      'web',
      [
        ['10.0.0.1', READY],
        ['10.0.0.2', READY],
      ],
      'web-a',
    )
    expect(endpointsAt(c.dataPlane.history, 'web', c.revision, c.revision)).toEqual(['10.0.0.1:8080', '10.0.0.2:8080'])
  })

  test('a write that kube-proxy has nothing to do for is no change', () => {
    const c = new TestCluster()
    const { history } = c.dataPlane
    expect(history.change(c.service('web'))?.subject).toBe('Service/shop/web')
    expect(history.change(c.service('web'))).toBeNull()
    expect(history.change(c.slice('web', [['10.0.0.1', READY]]))).toMatchObject({
      kind: 'EndpointSlice',
      subject: 'EndpointSlice/shop/web-1',
    })
    expect(history.change(c.slice('web', [['10.0.0.1', READY]]))).toBeNull()
    expect(history.change(c.slice('web', [['10.0.0.1', TERMINATING]]))).not.toBeNull()
    expect(history.change(c.service('other', { deleted: true }))).toBeNull()
  })

  test('the slice of a headless Service is no change: kube-proxy does not watch it', () => {
    const c = new TestCluster()
    const { history } = c.dataPlane
    c.service('web')
    const labels = { [SERVICE_NAME_LABEL]: 'web', [HEADLESS_LABEL]: '' }
    const metadata = { ...emptyMeta('web-1', 'shop'), labels }
    const object: EndpointSlice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, endpoints: [], ports: [] }
    history.apply(c.revision + 1, { object, deleted: false, committedAt: 0 })
    expect(history.change(c.revision + 1)).toBeNull()
    history.apply(c.revision + 2, {
      object: { ...object, metadata: { ...metadata, labels: { [SERVICE_NAME_LABEL]: 'web' } } },
      deleted: false,
      committedAt: 0,
    })
    expect(history.change(c.revision + 2)).not.toBeNull()
  })

  test('indexes of Service ports stay dense and distinct, whatever comes and goes', () => {
    const step = fc.record({ service: fc.nat(7), deleted: fc.boolean(), nodePort: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const c = new TestCluster()
        const { history } = c.dataPlane
        for (const { service, deleted, nodePort } of steps) {
          c.service(`s${service}`, { deleted, type: nodePort ? 'NodePort' : 'ClusterIP', nodePort: nodePort ? 30000 + service : 0 })
        }
        for (let revision = 0; revision <= c.revision; revision++) {
          const present = []
          for (let port = 0; port < history.servicePorts; port++) present.push(history.rules(port, revision))
          const rules = present.filter((entry) => entry !== null)
          const sorted = (numbers: number[]) => numbers.sort((a, b) => a - b)
          expect(sorted(rules.map((rule) => rule.index))).toEqual(rules.map((_, index) => index))
          expect(history.servicePortCount(revision)).toBe(rules.length)
          const nodePorts = rules.filter((rule) => rule.nodePort !== 0)
          expect(sorted(nodePorts.map((rule) => rule.nodePortIndex))).toEqual(nodePorts.map((_, index) => index))
          expect(history.nodePortCount(revision)).toBe(nodePorts.length)
        }
      }),
      { numRuns: 100 },
    )
  })

  test('pruning changes no answer at or after the floor', () => {
    const c = new TestCluster()
    const { history } = c.dataPlane
    c.service('web')
    for (let last = 1; last <= 40; last++) c.slice('web', [[`10.0.0.${last}`, READY]])
    const before = Array.from({ length: 42 }, (_, revision) => endpointsAt(history, 'web', revision, revision))
    history.prune(20, 20)
    expect(history.entries).toBeLessThan(25)
    for (let revision = 20; revision <= c.revision; revision++)
      expect(endpointsAt(history, 'web', revision, revision)).toEqual(before[revision])
  })

  test('revisions come in order', () => {
    const c = new TestCluster()
    c.service('web')
    const object = { ...c, kind: 'Service' } as never
    expect(() => c.dataPlane.history.apply(1, { object, deleted: false, committedAt: 0 })).toThrow('Revision 1 came after 1')
  })
})
