import { matchesSelector } from '../../api/labels.ts'
import type { ControllerRevision, DaemonSet, DaemonSetStatus, Node, Pod, StringMap } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { MINUTE, type Nanos, SECOND } from '../../units.ts'
import { becameReady, isAvailable, isReady, isTerminal } from '../conditions.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { ControllerRefManager, wakeOwners } from './controller-ref-manager.ts'
import { daemonPodSpec, fitsNode, nodeOfDaemonPod } from './daemon-set-nodes.ts'
import { type DaemonNode, type DaemonPlan, type DaemonPod, daemonBounds, manageNodes, rollNodes } from './daemon-set-plan.ts'
import { Expectations } from './expectations.ts'
import { recordFailedCreate } from './failed-create.ts'
import { podFromTemplate } from './pod-from-template.ts'
import { POD_REVISION_LABEL, REVISION_HASH_LABEL, RevisionHistory } from './revision-history.ts'
import { slowStart } from './slow-start.ts'

/** Source: `--concurrent-daemonset-syncs`. */
export const WORKERS = 2
/** Pods made or deleted in one reconcile at most. Source: pkg/controller/daemon/daemon_controller.go (BurstReplicas). */
export const BURST_REPLICAS = 250
/** Between deletions of failed pods on one node. Source: cmd/kube-controller-manager/app/apps.go (1 s to 15 min). */
export const FAILED_BACK_OFF: Nanos = SECOND
export const FAILED_BACK_OFF_MAX: Nanos = 15 * MINUTE

/**
 * The DaemonSet controller: one pod on every node that fits, put there by the default scheduler through its node affinity.
 *
 * Source: Kubernetes pkg/controller/daemon/{daemon_controller,update}.go.
 */
export class DaemonSetController extends Controller {
  readonly #sets: Informer<'DaemonSet'>
  readonly #nodes: Informer<'Node'>
  readonly #pods: OwnerIndex<'Pod'>
  readonly #refs: ControllerRefManager<'Pod'>
  readonly #revisionRefs: ControllerRefManager<'ControllerRevision'>
  readonly #history: RevisionHistory
  readonly #expectations = new Expectations()
  /** By set and node: how long a failed pod waited before it was deleted, and until when the next waits. */
  readonly #failures = new Map<string, { delay: Nanos; until: Nanos }>()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'daemonset-controller', account: 'daemon-set-controller', workers: WORKERS })
    this.#sets = manager.informer('DaemonSet')
    this.#nodes = manager.informer('Node')
    const pods = manager.informer('Pod')
    this.#pods = new OwnerIndex(pods)
    this.#refs = new ControllerRefManager(this.#pods, this.client)
    const revisions = new OwnerIndex(manager.informer('ControllerRevision'))
    this.#revisionRefs = new ControllerRefManager(revisions, this.client)
    this.#history = new RevisionHistory(revisions, this.client)
    this.#sets.listen((event) => {
      const key = keyOf(event.object)
      if (event.type === 'DELETED') this.#expectations.forget(key)
      else this.enqueue(key, event)
    })
    this.#nodes.listen((event) => {
      for (const set of this.#sets.values()) {
        const { template } = set.spec
        if (event.type === 'MODIFIED' && sameFit(template, event.previous as Node | undefined, event.object)) continue
        this.enqueue(keyOf(set), event)
      }
    })
    pods.listen((event) => {
      wakeOwners<Pod, DaemonSet>(event, { kind: 'DaemonSet', owners: () => this.#sets.values(), selects: selectsPod }, (key) =>
        this.enqueue(key, event),
      )
      const owner = controllerOf(event.object.metadata)
      if (owner?.kind !== 'DaemonSet') return
      const { namespace, name } = event.object.metadata
      const key = objectKey('DaemonSet', namespace, owner.name)
      if (event.type === 'ADDED') this.#expectations.created(key)
      if (event.type === 'DELETED' || event.object.metadata.deletionTimestamp !== null) this.#expectations.deleted(key, name)
      this.enqueue(key, event)
      const minReady = this.#sets.get(key)?.spec.minReadySeconds ?? 0
      // A second more, since the time of readiness is a whole second.
      if (minReady > 0 && becameReady(event.object, event.previous)) this.queue.addAfter(key, (minReady + 1) * SECOND, event.cause)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const set = this.#sets.get(key)
    if (set === undefined || set.metadata.deletionTimestamp !== null) return 'done'
    const rules = { selects: (labels: StringMap) => matchesSelector(set.spec.selector, labels) }
    const adopted = yield* this.#revisionRefs.claim(set, rules, cause)
    if (!adopted.succeeded) return 'retry'
    const newest = yield* this.#history.newest(set, set.spec.template, { cause, why: '' })
    if (newest === null) return 'retry'
    const hash = newest.metadata.labels[REVISION_HASH_LABEL]!
    const satisfied = this.#expectations.satisfied(key, this.now)
    const claim = yield* this.#refs.claim(set, rules, cause)
    if (!claim.succeeded) return 'retry'
    const nodes = this.#nodesOf(set, claim.owned, hash)
    let succeeded = true
    if (satisfied) {
      const surges = this.#bounds(set, nodes).maxSurge > 0
      const plan = this.#heedFailures(set, manageNodes(nodes, surges), nodes, cause)
      const homeless = this.#podsOfGoneNodes(set)
      succeeded = yield* this.#carryOut(set, { ...plan, delete: [...plan.delete, ...homeless] }, hash, 'one pod a node', cause)
      if (succeeded && set.spec.updateStrategy.type === 'RollingUpdate' && this.#expectations.satisfied(key, this.now)) {
        const { maxUnavailable, maxSurge } = this.#bounds(set, nodes)
        const step = rollNodes(nodes, maxUnavailable, maxSurge)
        succeeded = yield* this.#carryOut(set, step, hash, `rolling update to revision ${newest.revision}`, cause)
      }
      yield* this.#trimHistory(set, newest, cause)
    }
    const written = yield* this.#report(set, nodes, cause)
    return succeeded && written ? 'done' : 'retry'
  }

  /** Every node that there is, with the set's pods that are on it or meant for it. */
  #nodesOf(set: DaemonSet, pods: readonly Pod[], hash: string): DaemonNode[] {
    const byNode = new Map<string, DaemonPod[]>()
    for (const pod of pods) {
      const name = nodeOfDaemonPod(pod)
      const view = this.#viewOf(set, pod, hash)
      const here = byNode.get(name)
      if (here === undefined) byNode.set(name, [view])
      else here.push(view)
    }
    const nodes: DaemonNode[] = []
    for (const node of this.#nodes.values()) {
      const { name } = node.metadata
      nodes.push({ name, ...fitsNode(set.spec.template, node), pods: byNode.get(name) ?? [] })
    }
    return nodes
  }

  #viewOf(set: DaemonSet, pod: Pod, hash: string): DaemonPod {
    return {
      name: pod.metadata.name,
      updated: pod.metadata.labels[POD_REVISION_LABEL] === hash,
      createdAt: pod.metadata.creationTimestamp,
      ended: isTerminal(pod),
      ready: isReady(pod),
      available: isAvailable(pod, set.spec.minReadySeconds, this.now),
      terminating: pod.metadata.deletionTimestamp !== null,
    }
  }

  #bounds(set: DaemonSet, nodes: readonly DaemonNode[]): { readonly maxUnavailable: number; readonly maxSurge: number } {
    const { maxUnavailable, maxSurge } = set.spec.updateStrategy
    return daemonBounds(maxUnavailable, maxSurge, nodes.filter((node) => node.run).length)
  }

  /** A failed pod is deleted at once, the next on its node after 1 s, then 2, 4, … */
  #heedFailures(set: DaemonSet, plan: DaemonPlan, nodes: readonly DaemonNode[], cause: HopId): DaemonPlan {
    const failed = new Map(nodes.flatMap((node) => node.pods.filter((pod) => pod.ended).map((pod) => [pod.name, node.name] as const)))
    const remove = plan.delete.filter((name) => {
      const node = failed.get(name)
      if (node === undefined) return true
      const key = `${set.metadata.uid}/${node}`
      const failure = this.#failures.get(key)
      if (failure !== undefined && this.now < failure.until) {
        this.queue.addAfter(keyOf(set), failure.until - this.now, cause)
        return false
      }
      const isOld = failure === undefined || this.now - failure.until > 2 * FAILED_BACK_OFF_MAX
      const delay = isOld ? FAILED_BACK_OFF : Math.min(failure.delay * 2, FAILED_BACK_OFF_MAX)
      this.#failures.set(key, { delay, until: this.now + delay })
      return true
    })
    return { ...plan, delete: remove }
  }

  /** Pods that are meant for a node that is gone and were never put on it. */
  #podsOfGoneNodes(set: DaemonSet): string[] {
    return this.#pods
      .of(set.metadata.uid)
      .filter((pod) => pod.spec.nodeName === '' && pod.metadata.deletionTimestamp === null)
      .filter((pod) => this.#nodes.get(objectKey('Node', '', nodeOfDaemonPod(pod))) === undefined)
      .map((pod) => pod.metadata.name)
  }

  *#carryOut(set: DaemonSet, plan: DaemonPlan, hash: string, why: string, cause: HopId): Generator<Wait, boolean, unknown> {
    const key = keyOf(set)
    const { sim } = this.access
    const create = plan.create.slice(0, BURST_REPLICAS)
    const remove = plan.delete.slice(0, BURST_REPLICAS)
    for (let i = 0; i < create.length; i++) this.#expectations.expectCreation(key, this.now)
    for (const name of remove) this.#expectations.expectDeletion(key, name, this.now)
    const made = yield* slowStart(create.length, (i) => sim.spawn(this.#create(set, create[i]!, hash, why, cause)))
    for (let i = 0; i < made.left; i++) this.#expectations.created(key)
    const calls = remove.map((name) => sim.spawn(this.#delete(set, name, why, cause)))
    let succeeded = made.succeeded === create.length
    for (const call of calls) if (!(yield call)) succeeded = false
    return succeeded
  }

  *#create(set: DaemonSet, node: string, hash: string, why: string, cause: HopId): Generator<Wait, boolean, unknown> {
    const { name } = set.metadata
    const pod = podFromTemplate(set, set.spec.template, {
      name: `${name}-`,
      labels: { [POD_REVISION_LABEL]: hash },
      spec: daemonPodSpec(set.spec.template, node),
    })
    const response = yield* this.client.create(pod, { cause, why: `for ${node}: ${why}` })
    if (response.code === 201) {
      this.events.record(set, 'SuccessfulCreate', `Created pod: ${response.object!.metadata.name}`)
      return true
    }
    recordFailedCreate(this.events, set, response)
    this.#expectations.created(keyOf(set))
    return false
  }

  *#delete(set: DaemonSet, name: string, why: string, cause: HopId): Generator<Wait, boolean, unknown> {
    const response = yield* this.client.delete('Pod', set.metadata.namespace, name, null, { cause, why })
    if (response.code === 200) {
      this.events.record(set, 'SuccessfulDelete', `Deleted pod: ${name}`)
      return true
    }
    this.#expectations.deleted(keyOf(set), name)
    return response.code === 404
  }

  *#trimHistory(set: DaemonSet, newest: ControllerRevision, cause: HopId): Generator<Wait, void, unknown> {
    const used = new Set(this.#pods.of(set.metadata.uid).map((pod) => pod.metadata.labels[POD_REVISION_LABEL]))
    const inUse = (revision: ControllerRevision): boolean =>
      revision.metadata.name === newest.metadata.name || used.has(revision.metadata.labels[REVISION_HASH_LABEL])
    yield* this.#history.trim(set, inUse, set.spec.revisionHistoryLimit, { cause, why: '' })
  }

  *#report(set: DaemonSet, nodes: readonly DaemonNode[], cause: HopId): Generator<Wait, boolean, unknown> {
    const status = statusOf(set, nodes)
    if (sameStatus(status, set.status)) return true
    const why = `status: ${status.numberAvailable} of ${status.desiredNumberScheduled} available, ${status.updatedNumberScheduled} updated`
    const response = yield* this.client.update({ ...set, status }, { cause, why, subresource: 'status' })
    return response.code === 200 || response.code === 404
  }
}

/** Per node the oldest pod counts. Source: Kubernetes pkg/controller/daemon/daemon_controller.go (updateDaemonSetStatus). */
function statusOf(set: DaemonSet, nodes: readonly DaemonNode[]): DaemonSetStatus {
  let desired = 0
  let current = 0
  let misscheduled = 0
  let ready = 0
  let available = 0
  let updated = 0
  for (const { run, pods } of nodes) {
    if (!run) {
      if (pods.length > 0) misscheduled++
      continue
    }
    desired++
    if (pods.length === 0) continue
    current++
    const pod = pods.reduce((oldest, other) => (other.createdAt < oldest.createdAt ? other : oldest))
    if (pod.ready) ready++
    if (pod.available) available++
    if (pod.updated) updated++
  }
  return {
    observedGeneration: set.metadata.generation,
    currentNumberScheduled: current,
    desiredNumberScheduled: desired,
    numberMisscheduled: misscheduled,
    numberReady: ready,
    numberAvailable: available,
    numberUnavailable: desired - available,
    updatedNumberScheduled: updated,
  }
}

function selectsPod({ spec }: DaemonSet, pod: Pod): boolean {
  return matchesSelector(spec.selector, pod.metadata.labels)
}

function sameFit(template: DaemonSet['spec']['template'], before: Node | undefined, after: Node): boolean {
  if (before === undefined) return false
  const a = fitsNode(template, before)
  const b = fitsNode(template, after)
  return a.run === b.run && a.stay === b.stay
}

function sameStatus(a: DaemonSetStatus, b: DaemonSetStatus): boolean {
  return (
    a.observedGeneration === b.observedGeneration &&
    a.currentNumberScheduled === b.currentNumberScheduled &&
    a.desiredNumberScheduled === b.desiredNumberScheduled &&
    a.numberMisscheduled === b.numberMisscheduled &&
    a.numberReady === b.numberReady &&
    a.numberAvailable === b.numberAvailable &&
    a.numberUnavailable === b.numberUnavailable &&
    a.updatedNumberScheduled === b.updatedNumberScheduled
  )
}
