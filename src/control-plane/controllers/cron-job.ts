import { formatUtc } from '../../api/civil-date.ts'
import { NEW_JOB_STATUS } from '../../api/convert/batch.ts'
import type { CronJob, CronJobStatus, Job } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import { MILLISECOND, type Nanos } from '../../units.ts'
import { emptyMeta } from '../empty-meta.ts'
import type { Informer } from '../informer.ts'
import { keyOf, objectKey } from '../object-key.ts'
import { controllerOf, OwnerIndex } from '../owner-index.ts'
import { nanosOf, unixMsOf, wholeSecond } from '../wall-clock.ts'
import { Controller, type ControllerManager, type Outcome } from './controller.ts'
import { type CronChild, type CronPlan, type CronState, planCronJob } from './cron-job-plan.ts'
import { endingOf } from './job.ts'

/** Source: `--concurrent-cron-job-syncs`. */
export const WORKERS = 5

/**
 * The CronJob controller: makes a Job at every time of the schedule. It keeps its own timer, 100 ms after the next time.
 *
 * What a reconcile does is in {@link planCronJob}. The wall date is that of {@link unixMsOf}.
 *
 * Source: Kubernetes pkg/controller/cronjob/cronjob_controllerv2.go; checked against a recorded CronJob.
 */
export class CronJobController extends Controller {
  readonly #cronJobs: Informer<'CronJob'>
  readonly #jobs: OwnerIndex<'Job'>

  constructor(manager: ControllerManager) {
    super(manager, { name: 'cronjob-controller', workers: WORKERS })
    this.#cronJobs = manager.informer('CronJob')
    const jobs = manager.informer('Job')
    this.#jobs = new OwnerIndex(jobs)
    this.#cronJobs.listen((event) => {
      if (event.type !== 'DELETED') this.enqueue(keyOf(event.object), event)
    })
    jobs.listen((event) => {
      const owner = controllerOf(event.object.metadata)
      if (owner?.kind === 'CronJob') this.enqueue(objectKey('CronJob', event.object.metadata.namespace, owner.name), event)
    })
  }

  protected *reconcile(key: string, cause: HopId): Generator<Wait, Outcome, unknown> {
    const cached = this.#cronJobs.get(key)
    if (cached === undefined || cached.metadata.deletionTimestamp !== null) return 'done'
    const jobs = this.#jobs.of(cached.metadata.uid)
    const cronJob = yield* this.#withAll(cached, jobs)
    const children = [...jobs.map(childOf), ...(yield* this.#unseen(cronJob, jobs))]
    const plan = planCronJob(stateOf(cronJob), children, unixMsOf(this.now))
    for (const warning of [...plan.warnings, ...plan.notes]) this.#tell(key, cause, warning)
    const started = yield* this.#start(cronJob, plan, cause)
    const cleaned = yield* this.#cleanUp(cronJob, jobs, cause)
    const written = yield* this.#report(cronJob, plan, started, cause)
    if (plan.requeueAfter !== null) this.queue.addAfter(key, plan.requeueAfter * MILLISECOND, cause)
    return started !== 'refused' && cleaned && written ? 'done' : 'retry'
  }

  /**
   * The CronJob as the cache has it; when that does not know of a Job which runs, as the API server has it. Source: as above (syncCronJob).
   */
  *#withAll(cached: CronJob, jobs: readonly Job[]): Generator<Wait, CronJob, unknown> {
    const known = (cronJob: CronJob, { metadata }: Job): boolean => cronJob.status.active.some(({ uid }) => uid === metadata.uid)
    if (jobs.every((job) => endingOf(job) !== null || known(cached, job))) return cached
    const live = yield* this.client.get('CronJob', cached.metadata.namespace, cached.metadata.name)
    return live?.metadata.uid === cached.metadata.uid ? live : cached
  }

  /** Active Jobs that the cache lacks: the API server is asked, since the cache may be behind. */
  *#unseen(cronJob: CronJob, jobs: readonly Job[]): Generator<Wait, CronChild[], unknown> {
    const found: CronChild[] = []
    for (const { name, uid } of cronJob.status.active) {
      if (jobs.some((job) => job.metadata.uid === uid)) continue
      const live = yield* this.client.get('Job', cronJob.metadata.namespace, name)
      if (live?.metadata.uid === uid) found.push(childOf(live))
    }
    return found
  }

  /** The Job made for the time that is due; null when none is. */
  *#start(cronJob: CronJob, plan: CronPlan, cause: HopId): Generator<Wait, Job | 'refused' | null, unknown> {
    if (plan.start === null) return null
    const { namespace } = cronJob.metadata
    for (const { name } of plan.replace) {
      const response = yield* this.client.delete('Job', namespace, name, null, { cause, why: 'replaced by the next run' }, 'Background')
      if (response.code !== 200 && response.code !== 404) return 'refused'
    }
    const { name, time } = plan.start
    const response = yield* this.client.create(jobOf(cronJob, name, time), { cause, why: `scheduled for ${formatUtc(time)}` })
    if (response.code === 201) return response.object!
    // The status of an earlier start was lost: the Job is there.
    const mine = response.object !== undefined && controllerOf(response.object.metadata)?.uid === cronJob.metadata.uid
    return response.code === 409 && mine ? response.object! : 'refused'
  }

  /** Deletes the oldest finished Jobs beyond the limits. Source: as above (cleanupFinishedJobs). */
  *#cleanUp(cronJob: CronJob, jobs: readonly Job[], cause: HopId): Generator<Wait, boolean, unknown> {
    const { successfulJobsHistoryLimit, failedJobsHistoryLimit } = cronJob.spec
    let succeeded = true
    for (const [type, limit] of [
      ['Complete', successfulJobsHistoryLimit],
      ['Failed', failedJobsHistoryLimit],
    ] as const) {
      const finished = jobs
        .filter((job) => endingOf(job)?.type === type)
        .sort(
          (a, b) => (a.status.startTime ?? 0) - (b.status.startTime ?? 0) || a.metadata.creationTimestamp - b.metadata.creationTimestamp,
        )
      for (const job of finished.slice(0, Math.max(0, finished.length - limit))) {
        const { namespace, name } = job.metadata
        const response = yield* this.client.delete(
          'Job',
          namespace,
          name,
          null,
          { cause, why: `more than ${limit} Jobs are ${type}` },
          'Background',
        )
        if (response.code !== 200 && response.code !== 404) succeeded = false
      }
    }
    return succeeded
  }

  *#report(cronJob: CronJob, plan: CronPlan, started: Job | 'refused' | null, cause: HopId): Generator<Wait, boolean, unknown> {
    const before = cronJob.status
    const made = started === null || started === 'refused' ? null : { name: started.metadata.name, uid: started.metadata.uid }
    const kept = made === null ? plan.active : plan.active.filter(({ uid }) => !plan.replace.some((job) => job.uid === uid))
    const status: CronJobStatus = {
      active: made === null ? kept : [...kept, made],
      lastScheduleTime: made === null ? before.lastScheduleTime : nanosOf(plan.start!.time),
      lastSuccessfulTime: plan.lastSuccessfulTime === null ? null : nanosOf(plan.lastSuccessfulTime),
    }
    const sameActive = status.active.length === before.active.length && status.active.every(({ uid }, i) => uid === before.active[i]!.uid)
    if (sameActive && status.lastScheduleTime === before.lastScheduleTime && status.lastSuccessfulTime === before.lastSuccessfulTime)
      return true
    const response = yield* this.client.update({ ...cronJob, status }, { cause, why: `status: ${status.active.length} active` })
    return response.code === 200 || response.code === 404
  }

  /** What would be an Event. */
  #tell(subject: string, cause: HopId, detail: string): void {
    this.access.trace.record({ cause, actor: this.name, action: 'noted', subject, detail })
  }
}

function stateOf(cronJob: CronJob): CronState {
  const { spec, status, metadata } = cronJob
  const unixMs = (time: Nanos | null): number | null => (time === null ? null : unixMsOf(time))
  return {
    name: metadata.name,
    schedule: spec.schedule,
    timeZone: spec.timeZone,
    suspend: spec.suspend,
    concurrencyPolicy: spec.concurrencyPolicy,
    startingDeadlineSeconds: spec.startingDeadlineSeconds,
    createdAt: unixMsOf(wholeSecond(metadata.creationTimestamp)),
    lastScheduleTime: unixMs(status.lastScheduleTime),
    active: status.active,
    lastSuccessfulTime: unixMs(status.lastSuccessfulTime),
  }
}

function childOf(job: Job): CronChild {
  const { completionTime } = job.status
  return {
    name: job.metadata.name,
    uid: job.metadata.uid,
    finished: endingOf(job)?.type ?? null,
    completedAt: completionTime === null ? null : unixMsOf(completionTime),
  }
}

function jobOf(cronJob: CronJob, name: string, time: number): Job {
  const { metadata, spec } = cronJob
  const { labels, annotations } = spec.jobTemplate
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...emptyMeta(name, metadata.namespace),
      labels,
      annotations: { ...annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': String(time) },
      ownerReferences: [{ kind: 'CronJob', name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true }],
    },
    spec: spec.jobTemplate.spec,
    status: NEW_JOB_STATUS,
  }
}
