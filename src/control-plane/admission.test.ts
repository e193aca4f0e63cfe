import { describe, expect, test } from 'vitest'
import type { AnyObject, Ingress, IngressClass, Service } from '../api/objects/index.ts'
import { Simulation } from '../engine/simulation.ts'
import { AddressPool, dotted, ipv4, PortPool } from './address-pools.ts'
import { type AdmissionContext, type Admitted, admitCreate, allocateAddresses, releaseService } from './admission.ts'
import { emptyMeta } from './empty-meta.ts'

const podSpec = {
  nodeName: '',
  serviceAccountName: 'default',
  initContainers: [],
  containers: [],
  nodeSelector: {},
  requiredNodeAffinity: [],
  tolerations: [],
  terminationGracePeriodSeconds: 30,
  restartPolicy: 'Always' as const,
  priority: 0,
  hostNetwork: false,
}
const pod = (change: Partial<typeof podSpec> = {}): AnyObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: emptyMeta('p', 'shop'),
  spec: { ...podSpec, ...change },
  status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
})
const service = (change: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: emptyMeta('s', 'shop'),
  spec: {
    type: 'ClusterIP',
    clusterIP: '',
    ports: [{ name: '', protocol: 'TCP', port: 80, targetPort: 80, nodePort: 0 }],
    selector: null,
    publishNotReadyAddresses: false,
    ...change,
  },
})

function context(
  present: readonly string[] = ['Namespace/shop', 'ServiceAccount/shop/default'],
  objects: readonly AnyObject[] = [],
): AdmissionContext {
  return {
    get: (key) => (present.includes(key) ? pod() : undefined),
    list: (kind) => objects.filter((object) => object.kind === kind),
    clusterIPs: new AddressPool('10.96.0.0/12'),
    nodePorts: new PortPool(),
    rng: new Simulation({ seed: 'admission' }).rng('admission'),
    caches: { limitRanges: () => [], priorityClass: () => undefined, priorityClasses: () => [] } as unknown as AdmissionContext['caches'],
  }
}

function admitAndAllocate(object: AnyObject, ctx: AdmissionContext): Admitted {
  const admitted = admitCreate(object, ctx)
  return admitted.ok ? allocateAddresses(admitted, ctx) : admitted
}

describe('admission of a new object', () => {
  test('adds the two tolerations of 300 s that keep a pod on a node that is lost, unless the pod has its own', () => {
    const admitted = admitCreate(pod(), context())
    if (!admitted.ok || admitted.object.kind !== 'Pod') throw new Error('refused')
    const { tolerations } = (admitted.object as unknown as { spec: { tolerations: { key: string; tolerationSeconds: number }[] } }).spec
    expect(tolerations.map(({ key, tolerationSeconds }) => [key, tolerationSeconds])).toEqual([
      ['node.kubernetes.io/not-ready', 300],
      ['node.kubernetes.io/unreachable', 300],
    ])
    const own = [{ key: '', operator: 'Exists', value: '', effect: '', tolerationSeconds: null }]
    const untouched = admitCreate(pod({ tolerations: own as never }), context())
    expect(untouched.ok && untouched.by).toEqual([])
  })

  test.each([
    ['a namespace that is not there', ['ServiceAccount/shop/default'], 404, 'namespaces "shop" not found'],
    [
      'a service account that is not there',
      ['Namespace/shop'],
      403,
      'pods "p" is forbidden: error looking up service account shop/default: serviceaccount "default" not found',
    ],
  ])('refuses a pod in %s', (_what, present, code, message) => {
    expect(admitCreate(pod(), context(present))).toEqual({ ok: false, code, message })
  })

  test('gives an Ingress without a class the newest default one, of equally new ones the first by name, and none in the old way', () => {
    const classOf = (name: string, createdAt: number, isDefault: boolean): AnyObject =>
      ({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'IngressClass',
        metadata: {
          ...emptyMeta(name, ''),
          creationTimestamp: createdAt,
          annotations: { 'ingressclass.kubernetes.io/is-default-class': String(isDefault) },
        },
        spec: { controller: 'example.com/c' },
      }) as IngressClass
    const classes = [classOf('a', 1, true), classOf('c', 2, true), classOf('b', 2, true), classOf('d', 3, false)]
    const admitted = (ingressClassName: string, annotations = {}, present = classes): string => {
      const ingress = {
        apiVersion: 'networking.k8s.io/v1',
        kind: 'Ingress',
        metadata: { ...emptyMeta('i', 'shop'), annotations },
        spec: { ingressClassName, defaultBackend: null, rules: [] },
      } as Ingress
      const result = admitCreate(ingress, context(undefined, present))
      if (!result.ok) throw new Error(result.message)
      return (result.object as Ingress).spec.ingressClassName
    }
    expect(admitted('')).toBe('b')
    expect(admitted('a')).toBe('a')
    expect(admitted('', { 'kubernetes.io/ingress.class': 'nginx' })).toBe('')
    expect(admitted('', {}, [classOf('d', 3, false)])).toBe('')
  })

  test('gives a Service an address and, where its type has them, node ports; what it gives back can be given again', () => {
    const ctx = context()
    const admitted = admitAndAllocate(service({ type: 'LoadBalancer' }), ctx)
    if (!admitted.ok) throw new Error(admitted.message)
    const { spec } = admitted.object as Service
    expect(ipv4(spec.clusterIP)).toBeGreaterThan(ipv4('10.96.0.0'))
    expect(ipv4(spec.clusterIP)).toBeLessThan(ipv4('10.112.0.0'))
    expect(spec.ports[0]!.nodePort).toBeGreaterThanOrEqual(30_000)
    const again = service({ clusterIP: spec.clusterIP })
    expect(admitAndAllocate(again, ctx)).toMatchObject({ ok: false, code: 422 })
    releaseService(admitted.object as Service, ctx)
    expect(admitAndAllocate(again, ctx).ok).toBe(true)
  })

  test('leaves a headless Service without an address and refuses a node port outside the range', () => {
    const headless = admitAndAllocate(service({ clusterIP: 'None' }), context())
    expect(headless.ok && (headless.object as Service).spec.clusterIP).toBe('None')
    const ports = [{ name: '', protocol: 'TCP' as const, port: 80, targetPort: 80, nodePort: 80 }]
    expect(admitAndAllocate(service({ type: 'NodePort', ports }), context())).toMatchObject({ ok: false, code: 422 })
  })
})

describe('a pool of Service addresses', () => {
  test('gives every address but the first and the last exactly once, the upper part first', () => {
    const pool = new AddressPool('10.0.0.0/24')
    const rng = new Simulation({ seed: 'pool' }).rng('pool')
    const given = Array.from({ length: 254 }, () => pool.allocate(rng))
    expect(new Set(given).size).toBe(254)
    // min(max(16, 256 / 16), 256) = 16 addresses at the bottom are the last to go.
    expect(given.slice(0, 239).every((address) => ipv4(address) >= ipv4('10.0.0.16'))).toBe(true)
    expect(() => pool.allocate(rng)).toThrow(RangeError)
    expect(dotted(ipv4('172.16.254.3'))).toBe('172.16.254.3')
  })
})
