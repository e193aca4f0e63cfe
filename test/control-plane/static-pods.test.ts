import { describe, expect, test } from 'vitest'
import type { Pod } from '../../src/api/objects/index.ts'
import { conditionOf } from '../../src/control-plane/conditions.ts'
import { emptyMeta } from '../../src/control-plane/empty-meta.ts'
import { NO_CAUSE } from '../../src/engine/trace.ts'
import { SECOND } from '../../src/units.ts'
import { containerOf, podSpecOf, Testbed, type TestbedOptions } from './testbed.ts'

const MANIFEST: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { ...emptyMeta('etcd', 'kube-system'), labels: { component: 'etcd' } },
  spec: podSpecOf([containerOf('etcd')]),
  status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
}

class Node extends Testbed {
  constructor(options: TestbedOptions = {}) {
    super({ nodes: 1, ...options })
    this.kubelet.runStatic(MANIFEST)
  }
  get kubelet() {
    return this.kubelets[0]!
  }
  mirror(): Pod | undefined {
    return this.plane.server.peek('Pod', 'kube-system', 'etcd-worker-1')
  }
  until(seconds: number): void {
    this.sim.run(seconds * SECOND)
  }
  count(action: string, detail?: string): number {
    return [...this.trace].filter((hop) => hop.action === action && (detail === undefined || hop.detail === detail)).length
  }
  ready(): string | undefined {
    const mirror = this.mirror()
    return mirror === undefined ? undefined : conditionOf(mirror.status.conditions, 'Ready')?.status
  }
}

describe('a static pod', () => {
  test('runs without a scheduler, and is shown by a mirror that its node owns', () => {
    const node = new Node()
    node.until(20)
    const mirror = node.mirror()!
    const uid = node.plane.server.peek('Node', '', 'worker-1')!.metadata.uid
    expect(mirror.metadata.ownerReferences).toEqual([{ kind: 'Node', name: 'worker-1', uid, controller: true }])
    const { annotations } = mirror.metadata
    expect(annotations['kubernetes.io/config.mirror']).toBe(annotations['kubernetes.io/config.hash'])
    expect(annotations['kubernetes.io/config.source']).toBe('file')
    expect(mirror.metadata.uid).not.toBe(annotations['kubernetes.io/config.mirror'])
    expect(mirror.spec.nodeName).toBe('worker-1')
    expect(mirror.status).toMatchObject({
      phase: 'Running',
      hostIP: '192.168.0.1',
      containerStatuses: [{ state: 'running', restartCount: 0 }],
    })
    expect(node.ready()).toBe('True')
    expect([node.count('started container'), node.count('bind')]).toEqual([1, 0])
  })

  test('goes on when its mirror is deleted, and the mirror comes again with its status', () => {
    const node = new Node()
    node.until(20)
    const before = node.mirror()!.metadata.uid
    node.plane.kubectl.run(
      { verb: 'delete', kind: 'Pod', namespace: 'kube-system', name: 'etcd-worker-1', gracePeriodSeconds: null },
      'delete',
    )
    node.until(22)
    const between = node.mirror()!
    expect(between.metadata.uid).not.toBe(before)
    // Source: status manager, syncPeriod: the status follows within 10 s of the mirror.
    node.until(35)
    expect(node.ready()).toBe('True')
    expect([node.count('started container'), node.count('sent SIGTERM')]).toEqual([1, 0])
  })

  test('starts without an API server, and its mirror comes when there is one', () => {
    const node = new Node()
    const { etcd } = node.plane.server
    etcd.crashMember(0)
    node.until(30)
    expect(node.count('started container')).toBe(1)
    expect(node.mirror()).toBeUndefined()
    etcd.restartMember(0)
    node.until(60)
    expect(node.mirror()).toBeDefined()
    expect(node.ready()).toBe('True')
  })

  test('is taken up by a kubelet that starts, and started anew after a power cut', () => {
    const node = new Node()
    node.until(20)
    node.kubelet.stop()
    node.until(30)
    node.kubelet.boot(NO_CAUSE, 'after a crash')
    node.until(50)
    expect(node.count('started container')).toBe(1)
    expect(node.ready()).toBe('True')
    node.kubelet.crash()
    node.until(60)
    node.kubelet.boot(NO_CAUSE)
    node.until(80)
    expect(node.count('started container')).toBe(2)
    expect(node.mirror()!.status.containerStatuses[0]).toMatchObject({ state: 'running', restartCount: 1 })
    expect(node.ready()).toBe('True')
    expect(node.count('create', 'mirror of a static pod')).toBeLessThanOrEqual(3)
  })

  test('that is given when the kubelet is made runs from the start, on each node under its own name', () => {
    const bed = new Testbed({ nodes: 2, staticPods: [MANIFEST] })
    bed.sim.run(20 * SECOND)
    for (const node of ['worker-1', 'worker-2'])
      expect(bed.plane.server.peek('Pod', 'kube-system', `etcd-${node}`)?.status.phase).toBe('Running')
  })

  test('is passed over by a drain', () => {
    const node = new Node({ nodes: 2 })
    node.until(20)
    node.plane.kubectl.run(
      { verb: 'drain', node: 'worker-1', ignoreDaemonSets: false, force: false, gracePeriodSeconds: null, timeoutSeconds: null },
      'drain',
    )
    node.until(40)
    expect(node.count('evict')).toBe(0)
    expect(node.ready()).toBe('True')
    expect([...node.trace].some(({ detail }) => detail.startsWith('drained: 0 pods'))).toBe(true)
  })
})
