import type { Job, JobStatus, Pod, StringMap } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { MINUTE, type Nanos, SECOND } from '../../units.ts'
import { conditionOf, isActive, isReady, withCondition } from '../conditions.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey, splitKey } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { wholeSecond } from '../wall-clock.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { ControllerRefManager, wakeOwners } from './controller-ref-manager.ts'
import { Expectations } from './expectations.ts'
import { recordFailedCreate } from './failed-create.ts'
import { formatIndexes, parseIndexes } from './index-list.ts'
import { type BackOffRecord, NO_FAILURES, remainingBackOff, withFinished } from './job-back-off.ts'
import { finishedAt, INDEX_KEY, indexOf, isFailed, isTerminating, isTracked, policyAction, TRACKING_FINALIZER } from './job-pods.ts'
import { podsToDelete } from './pod-deletion-ranking.ts'
import { podFromTemplate } from './pod-from-template.ts'
import { slowStart } from './slow-start.ts'

/** Source: `--concurrent-job-syncs`. */
export const WORKERS = 5
/** Events of pods wait this long for others. Source: pkg/controller/job/job_controller.go (SyncJobBatchPeriod). */
export const BATCH_PERIOD: Nanos = SECOND
/** Back-off after a refusal of the API server. Source: as above (DefaultJobApiBackOff, MaxJobApiBackOff). */
export const API_BACK_OFF = { baseDelay: SECOND, maxDelay: MINUTE } as const
/** Source: as above (MaxPodCreateDeletePerSync). */
export const PODS_PER_SYNC_MAX = 500
/** Source: as above (MaxUncountedPods). */
export const UNCOUNTED_MAX = 500

/** What a Job selects its pods by, since manualSelector is not modelled. Source: pkg/registry/batch/job/strategy.go (generateSelector). */
const UID_LABEL = 'batch.kubernetes.io/controller-uid'

/** How a Job ends: first a condition that says it will, and when all its pods are gone and counted the one that says it has. */
interface Ending {
  readonly type: 'Complete' | 'Failed'
  readonly reason: string
}

/** What one reconcile works with. */
interface Sync {
  readonly job: Job
  readonly key: string
  readonly cause: HopId
  readonly pods: readonly Pod[]
  /** Pods that have ended and are in no count of the status yet. */
  readonly newlySucceeded: readonly Pod[]
  readonly newlyFailed: readonly Pod[]
  readonly record: BackOffRecord
  readonly completed: Set<number>
  succeeded: number
  active: number
  ready: number
  terminating: number
}

/** Whether the Job has its final condition. */
export function endingOf(job: Job): Ending | null {
  for (const type of ['Complete', 'Failed'] as const) {
    const condition = conditionOf(job.status.conditions, type)
    if (condition?.status === 'True') return { type, reason: condition.reason }
  }
  return null
}

/**
 * The Job controller: makes pods until enough of them have succeeded, or too many have failed.
 *
 * Every pod has a finalizer. One that has ended is first noted in the status (`uncountedTerminatedPods`), then loses the finalizer, then is
 * counted: so none is counted twice, or never. After failures no pod is made for 10 s, 20 s, 40 s … from the last of them, in whole seconds.
 *
 * Not modelled: backoffLimitPerIndex, successPolicy, managedBy.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/job/job_controller.go; checked against recorded Jobs.
 */
export class JobController extends Controller {
  readonly #jobs: Informer<'Job'>
  readonly #pods: OwnerIndex<'Pod'>
  readonly #refs: ControllerRefManager<'Pod'>
  readonly #podByKey: (key: string) => Pod | undefined
  readonly #expectations = new Expectations()
  readonly #records = new Map<string, BackOffRecord>()
  /** Uids of pods of a Job whose finalizer is gone, which the cache does not show yet. */
  readonly #released = new Map<string, Set<string>>()

  constructor(manager: ControllerManager) {
    super(manager, { name: 'job-controller', workers: WORKERS, queue: API_BACK_OFF })
    this.#jobs = manager.informer('Job')
    const pods = manager.informer('Pod')
    this.#pods = new OwnerIndex(pods)
    this.#refs = new ControllerRefManager(this.#pods, this.client, TRACKING_FINALIZER)
    this.#podByKey = (key) => pods.get(key)
    this.#jobs.listen((event) => {
      const job = event.object
      const key = keyOf(job)
      if (event.type === 'DELETED') {
        this.#forget(key)
        this.events.forget(key)
        // Nobody will count them any more.
        for (const pod of this.#pods.of(job.metadata.uid)) if (isTracked(pod)) this.queue.add(keyOf(pod), event.cause)
      } else if (event.type === 'MODIFIED' && (event.previous as Job | undefined)?.metadata.generation === job.metadata.generation) {
        this.queue.addAfter(key, BATCH_PERIOD, event.cause)
      } else this.enqueue(key, event)
    })
    pods.listen((event) => {
      const pod = event.object
      wakeOwners<Pod, Job>(event, { kind: 'Job', owners: () => this.#jobs.values(), selects: selectsPod }, (key) =>
        this.queue.addAfter(key, BATCH_PERIOD, event.cause),
      )
      const owner = controllerOf(pod.metadata)
      // Nobody will count it any more.
      if (owner === undefined && event.type !== 'DELETED' && isTracked(pod)) this.queue.add(keyOf(pod), event.cause)
      if (owner?.kind !== 'Job') return
      const key = objectKey('Job', pod.metadata.namespace, owner.name)
      if (event.type === 'ADDED') this.#expectations.created(key)
      if (event.type === 'DELETED' || pod.metadata.deletionTimestamp !== null) this.#expectations.deleted(key, keyOf(pod))
      if (event.type === 'DELETED' || !isTracked(pod)) this.#released.get(key)?.delete(pod.metadata.uid)
      if (this.#jobs.get(key)?.metadata.uid === owner.uid) this.queue.addAfter(key, BATCH_PERIOD, event.cause)
      else if (event.type !== 'DELETED' && isTracked(pod)) this.queue.add(keyOf(pod), event.cause)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    if (splitKey(key).kind === 'Pod') return yield* this.#releaseOrphan(key, cause)
    const found = this.#jobs.get(key)
    if (found === undefined) return 'done'
    if (endingOf(found) !== null) {
      this.#forget(key)
      return 'done'
    }
    const job = this.#started(found, key, cause)
    const satisfied = this.#expectations.satisfied(key, this.now)
    const claim = yield* this.#refs.claim(job, { selects: (labels) => selects(job, labels) }, cause)
    if (!claim.succeeded) return 'retry'
    const sync = this.#look(job, claim.owned, key, cause)
    let ending = this.#failure(sync) ?? announcedEnding(job)
    let conditions = job.status.conditions
    let startTime = job.status.startTime
    let succeeded = true
    if (ending !== null) succeeded = yield* this.#deleteActive(sync)
    else {
      const managed = satisfied && job.metadata.deletionTimestamp === null
      if (managed) succeeded = yield* this.#manage(sync)
      const { completions } = job.spec
      const complete = completions === null ? sync.succeeded > 0 : sync.succeeded >= completions
      if (complete && sync.active === 0) ending = { type: 'Complete', reason: 'CompletionsReached' }
      else if (managed) {
        const before = conditions
        conditions = suspension(job, this.now)
        if (conditions !== before && !job.spec.suspend) startTime = wholeSecond(this.now)
        else if (conditions !== before) startTime = null
      }
    }
    const counted = yield* this.#count(sync, found, { conditions, startTime }, succeeded ? ending : null)
    return succeeded && counted ? 'done' : 'retry'
  }

  /** The Job with the time it began, from which its deadline counts. */
  #started(job: Job, key: string, cause: HopId): Job {
    const { suspend, activeDeadlineSeconds } = job.spec
    if (job.status.startTime !== null || suspend) return job
    const startTime = wholeSecond(this.now)
    if (activeDeadlineSeconds !== null) this.queue.addAfter(key, startTime + activeDeadlineSeconds * SECOND - this.now, cause)
    return { ...job, status: { ...job.status, startTime } }
  }

  #look(job: Job, pods: readonly Pod[], key: string, cause: HopId): Sync {
    const { uncountedTerminatedPods: uncounted, completedIndexes } = job.status
    const { completionMode, completions } = job.spec
    const released = this.#released.get(key)
    const known = new Set([...uncounted.succeeded, ...uncounted.failed])
    const fresh = pods.filter((pod) => isTracked(pod) && !known.has(pod.metadata.uid) && !released?.has(pod.metadata.uid))
    const newlySucceeded = fresh.filter((pod) => pod.status.phase === 'Succeeded')
    const newlyFailed = fresh.filter((pod) => isFailed(job, pod))
    const active = pods.filter(isActive)
    const completed = completionMode === 'Indexed' ? parseIndexes(completedIndexes, completions ?? 0) : new Set<number>()
    if (completionMode === 'Indexed') {
      for (const pod of newlySucceeded) {
        const index = indexOf(pod)
        if (index !== null && index < (completions ?? 0)) completed.add(index)
      }
    }
    const counting = newlyFailed.filter((pod) => policyAction(job, pod) !== 'Ignore')
    return {
      job,
      key,
      cause,
      pods,
      newlySucceeded,
      newlyFailed,
      record: withFinished(this.#records.get(key) ?? NO_FAILURES, counting.map(finishedAt), newlySucceeded.map(finishedAt)),
      completed,
      succeeded: completionMode === 'Indexed' ? completed.size : job.status.succeeded + uncounted.succeeded.length + newlySucceeded.length,
      active: active.length,
      ready: active.filter(isReady).length,
      terminating: pods.filter(isTerminating).length,
    }
  }

  /** Why the Job fails now, if it does. */
  #failure(sync: Sync): Ending | null {
    const { job, pods, newlyFailed, key, cause } = sync
    if (announcedEnding(job) !== null) return null
    const { backoffLimit, activeDeadlineSeconds, suspend } = job.spec
    const { failed, uncountedTerminatedPods, startTime } = job.status
    const fail = (reason: string): Ending => ({ type: 'Failed', reason })
    if (newlyFailed.some((pod) => policyAction(job, pod) === 'FailJob')) return fail('PodFailurePolicy')
    const counting = newlyFailed.filter((pod) => policyAction(job, pod) !== 'Ignore').length
    if (failed + uncountedTerminatedPods.failed.length + counting > backoffLimit || pastRestarts(job, pods))
      return fail('BackoffLimitExceeded')
    if (activeDeadlineSeconds === null || startTime === null || suspend) return null
    const left = startTime + activeDeadlineSeconds * SECOND - this.now
    if (left <= 0) return fail('DeadlineExceeded')
    this.queue.addAfter(key, left, cause)
    return null
  }

  *#manage(sync: Sync): Generator<Wait, boolean, unknown> {
    const { job, key, cause } = sync
    const { suspend, completions, parallelism, podReplacementPolicy, completionMode } = job.spec
    const active = sync.pods.filter(isActive)
    if (suspend) return yield* this.#remove(sync, active, 'the Job is suspended')
    const open =
      completions === null ? (sync.succeeded > 0 ? active.length : parallelism) : Math.min(parallelism, completions - sync.succeeded)
    const wanted = Math.max(0, open)
    if (active.length > wanted) {
      const why = `has more than ${wanted} active pods`
      return yield* this.#remove(sync, podsToDelete(active, active, Math.min(active.length - wanted, PODS_PER_SYNC_MAX), this.now), why)
    }
    const held = podReplacementPolicy === 'Failed' ? sync.terminating : 0
    let missing = Math.min(wanted - held - active.length, PODS_PER_SYNC_MAX)
    if (missing <= 0) return true
    const wait = remainingBackOff(sync.record, this.now)
    if (wait > 0) {
      this.queue.addAfter(key, wait, cause)
      return true
    }
    const indexes = completionMode === 'Indexed' ? this.#openIndexes(sync, missing) : null
    if (indexes !== null) missing = indexes.length
    for (let i = 0; i < missing; i++) this.#expectations.expectCreation(key, this.now)
    const { sim } = this.access
    const made = yield* slowStart(missing, (i) => sim.spawn(this.#create(sync, indexes?.[i] ?? null)))
    for (let i = 0; i < made.left; i++) this.#expectations.created(key)
    sync.active += made.succeeded
    return made.succeeded === missing
  }

  /** The lowest indexes that have neither succeeded nor a pod. */
  #openIndexes({ job, pods, completed }: Sync, count: number): number[] {
    const taken = new Set(completed)
    for (const pod of pods) {
      const index = indexOf(pod)
      if (index !== null && (isActive(pod) || (job.spec.podReplacementPolicy === 'Failed' && isTerminating(pod)))) taken.add(index)
    }
    const open: number[] = []
    for (let index = 0; index < (job.spec.completions ?? 0) && open.length < count; index++) if (!taken.has(index)) open.push(index)
    return open
  }

  *#create({ job, key, cause }: Sync, index: number | null): Generator<Wait, boolean, unknown> {
    const { name, uid } = job.metadata
    // The API server puts these into the template when the Job is made.
    const own = { [UID_LABEL]: uid, 'batch.kubernetes.io/job-name': name, 'controller-uid': uid, 'job-name': name }
    const at = index === null ? {} : { [INDEX_KEY]: String(index) }
    const pod = podFromTemplate(job, job.spec.template, {
      name: index === null ? `${name}-` : `${name}-${index}-`,
      labels: { ...own, ...(this.access.version >= 28 ? at : {}) },
      annotations: at,
      finalizers: [TRACKING_FINALIZER],
    })
    const why = index === null ? `wants ${job.spec.parallelism} pods at once` : `index ${index} is open`
    const response = yield* this.client.create(pod, { cause, why })
    if (response.code === 201) {
      this.events.record(job, 'SuccessfulCreate', `Created pod: ${response.object!.metadata.name}`)
      return true
    }
    recordFailedCreate(this.events, job, response)
    this.#expectations.created(key)
    return false
  }

  *#deleteActive(sync: Sync): Generator<Wait, boolean, unknown> {
    return yield* this.#delete(sync, sync.pods.filter(isActive), 'the Job has come to its end')
  }

  /** Deletes pods that are too many: without their finalizer, so that they are no failures. Source: as above (deleteJobPods). */
  *#remove(sync: Sync, victims: readonly Pod[], why: string): Generator<Wait, boolean, unknown> {
    const kept = yield* this.#release(sync, victims.filter(isTracked))
    return yield* this.#delete(
      sync,
      victims.filter((pod) => !kept.has(pod.metadata.uid)),
      why,
    )
  }

  *#delete(sync: Sync, victims: readonly Pod[], why: string): Generator<Wait, boolean, unknown> {
    const { key, cause } = sync
    for (const pod of victims) this.#expectations.expectDeletion(key, keyOf(pod), this.now)
    const calls = victims.map((pod) =>
      this.access.sim.spawn(this.client.delete('Pod', pod.metadata.namespace, pod.metadata.name, null, { cause, why })),
    )
    let succeeded = true
    for (const [i, call] of calls.entries()) {
      const { code } = (yield call) as { code: number }
      const pod = victims[i]!
      if (code === 200) {
        this.events.record(sync.job, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
        sync.active--
        sync.terminating++
        if (isReady(pod)) sync.ready--
        continue
      }
      this.#expectations.deleted(key, keyOf(pod))
      if (code !== 404) succeeded = false
    }
    return succeeded
  }

  /** Notes what has ended, takes the finalizers off, and counts: at most two writes of the status. */
  *#count(
    sync: Sync,
    stored: Job,
    { conditions, startTime }: Pick<JobStatus, 'conditions' | 'startTime'>,
    ending: Ending | null,
  ): Generator<Wait, boolean, unknown> {
    const { job, key, cause } = sync
    const { uncountedTerminatedPods: before } = job.status
    const isIndexed = job.spec.completionMode === 'Indexed'
    const failing =
      ending === null || job.spec.podReplacementPolicy === 'Failed' ? [] : sync.pods.filter((pod) => isTracked(pod) && isActive(pod))
    const room = UNCOUNTED_MAX - before.succeeded.length - before.failed.length
    const succeededNow = sync.newlySucceeded.slice(0, room)
    const failedNow = [...sync.newlyFailed, ...failing].slice(0, Math.max(0, room - succeededNow.length))
    const counting = failedNow.filter((pod) => policyAction(job, pod) !== 'Ignore')
    const uidOf = (pod: Pod): string => pod.metadata.uid
    const uncounted = {
      succeeded: isIndexed ? before.succeeded : [...before.succeeded, ...succeededNow.map(uidOf)],
      failed: [...before.failed, ...counting.map(uidOf)],
    }
    const first: JobStatus = {
      ...job.status,
      startTime,
      active: sync.active,
      ready: sync.ready,
      terminating: sync.terminating,
      succeeded: isIndexed ? sync.completed.size : job.status.succeeded,
      completedIndexes: isIndexed ? formatIndexes(sync.completed) : '',
      uncountedTerminatedPods: uncounted,
      conditions: ending === null ? conditions : withCondition(conditions, announcementOf(ending), 'True', ending.reason, this.now),
    }
    let current: Job = stored
    if (!sameStatus(first, stored.status)) {
      const written = yield* this.#write(stored, first, cause)
      if (written === null) return false
      current = written
    }
    this.#records.set(key, sync.record)

    const listed = new Set([...uncounted.succeeded, ...uncounted.failed])
    const ended = new Set([...succeededNow, ...failedNow].map(uidOf))
    const kept = yield* this.#release(
      sync,
      sync.pods.filter((pod) => isTracked(pod) && (listed.has(uidOf(pod)) || ended.has(uidOf(pod)))),
    )
    const second: JobStatus = {
      ...current.status,
      succeeded: current.status.succeeded + uncounted.succeeded.filter((uid) => !kept.has(uid)).length,
      failed: current.status.failed + uncounted.failed.filter((uid) => !kept.has(uid)).length,
      uncountedTerminatedPods: {
        succeeded: uncounted.succeeded.filter((uid) => kept.has(uid)),
        failed: uncounted.failed.filter((uid) => kept.has(uid)),
      },
    }
    const finished = ending !== null && kept.size === 0 && sync.terminating === 0
    const last: JobStatus = !finished
      ? second
      : {
          ...second,
          completionTime: ending.type === 'Complete' ? wholeSecond(this.now) : null,
          conditions: withCondition(second.conditions, ending.type, 'True', ending.reason, this.now),
        }
    if (!sameStatus(last, current.status) && (yield* this.#write(current, last, cause)) === null) return false
    return kept.size === 0
  }

  *#write(job: Job, status: JobStatus, cause: HopId): Generator<Wait, Job | null, unknown> {
    const why = `status: ${status.active} active, ${status.succeeded} succeeded, ${status.failed} failed`
    const response = yield* this.client.update({ ...job, status }, { cause, why })
    return response.code === 200 ? response.object! : null
  }

  /** Takes the finalizer off; gives back the uids of pods that still have it. */
  *#release({ key, cause }: Sync, pods: readonly Pod[]): Generator<Wait, Set<string>, unknown> {
    let released = this.#released.get(key)
    if (released === undefined) {
      released = new Set()
      this.#released.set(key, released)
    }
    const due = pods.filter((pod) => !released.has(pod.metadata.uid))
    for (const pod of due) released.add(pod.metadata.uid)
    const calls = due.map((pod) => this.access.sim.spawn(this.#untrack(pod, 'counted by its Job', cause)))
    const kept = new Set<string>()
    for (const [i, call] of calls.entries()) {
      if (yield call) continue
      released.delete(due[i]!.metadata.uid)
      kept.add(due[i]!.metadata.uid)
    }
    return kept
  }

  *#untrack(pod: Pod, why: string, cause: HopId): Generator<Wait, boolean, unknown> {
    const { namespace, name, uid } = pod.metadata
    const change = (current: Pod): Pod => {
      if (current.metadata.uid !== uid || !isTracked(current)) return current
      const finalizers = current.metadata.finalizers.filter((finalizer) => finalizer !== TRACKING_FINALIZER)
      return { ...current, metadata: { ...current.metadata, finalizers } }
    }
    const response = yield* this.client.patch('Pod', namespace, name, change, { cause, why })
    return response.code === 200 || response.code === 404
  }

  *#releaseOrphan(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const pod = this.#podByKey(key)
    const owner = pod === undefined ? undefined : controllerOf(pod.metadata)
    if (pod === undefined || !isTracked(pod)) return 'done'
    if (owner === undefined) return (yield* this.#untrack(pod, 'no Job controls it', cause)) ? 'done' : 'retry'
    const live = yield* this.client.get('Job', pod.metadata.namespace, owner.name)
    if (live?.metadata.uid === owner.uid) return 'done'
    return (yield* this.#untrack(pod, `its Job ${owner.name} is gone`, cause)) ? 'done' : 'retry'
  }

  #forget(key: string): void {
    this.#expectations.forget(key)
    this.#records.delete(key)
    this.#released.delete(key)
  }
}

function selects({ metadata }: Job, labels: StringMap): boolean {
  return labels[UID_LABEL] === metadata.uid
}

function selectsPod(job: Job, pod: Pod): boolean {
  return selects(job, pod.metadata.labels)
}

function announcementOf({ type }: Ending): string {
  return type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget'
}

/** The ending that an earlier reconcile has announced. */
function announcedEnding(job: Job): Ending | null {
  for (const type of ['Failed', 'Complete'] as const) {
    const condition = conditionOf(job.status.conditions, announcementOf({ type, reason: '' }))
    if (condition?.status === 'True') return { type, reason: condition.reason }
  }
  return null
}

/** With restartPolicy OnFailure the restarts of running pods count. Source: as above (pastBackoffLimitOnFailure). */
function pastRestarts(job: Job, pods: readonly Pod[]): boolean {
  if (job.spec.template.spec.restartPolicy !== 'OnFailure') return false
  const { backoffLimit } = job.spec
  let restarts = 0
  for (const pod of pods) {
    if (pod.status.phase !== 'Running' && pod.status.phase !== 'Pending') continue
    for (const status of pod.status.containerStatuses) restarts += status.restartCount
  }
  return backoffLimit === 0 ? restarts > 0 : restarts >= backoffLimit
}

/** The condition Suspended follows the spec; a Job that was never suspended has none. */
function suspension(job: Job, now: Nanos): JobStatus['conditions'] {
  const { conditions } = job.status
  if (job.spec.suspend) return withCondition(conditions, 'Suspended', 'True', 'JobSuspended', now)
  if (conditionOf(conditions, 'Suspended') === undefined) return conditions
  return withCondition(conditions, 'Suspended', 'False', 'JobResumed', now)
}

function sameStatus(a: JobStatus, b: JobStatus): boolean {
  return (
    a.startTime === b.startTime &&
    a.completionTime === b.completionTime &&
    a.active === b.active &&
    a.ready === b.ready &&
    a.terminating === b.terminating &&
    a.succeeded === b.succeeded &&
    a.failed === b.failed &&
    a.completedIndexes === b.completedIndexes &&
    sameUids(a.uncountedTerminatedPods.succeeded, b.uncountedTerminatedPods.succeeded) &&
    sameUids(a.uncountedTerminatedPods.failed, b.uncountedTerminatedPods.failed) &&
    a.conditions === b.conditions
  )
}

function sameUids(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((uid, i) => uid === b[i])
}
