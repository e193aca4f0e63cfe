import { type CronSchedule, parseSchedule } from '../../api/cron-schedule.ts'

/** How long after a schedule time the controller looks. Source: pkg/controller/cronjob/utils.go (nextScheduleDelta). */
export const SCHEDULE_SLACK_MS = 100
/** More missed starts than this are told in a warning event. Source: as above. */
export const MANY_MISSED = 100

/** What of a CronJob decides when it runs. All times are milliseconds since 1970. */
export interface CronTimes {
  readonly createdAt: number
  readonly lastScheduleTime: number | null
  readonly startingDeadlineSeconds: number | null
}

export interface MissedStarts {
  /** From when on starts are looked at. */
  readonly earliest: number
  readonly mostRecent: number | null
  readonly missed: 'none' | 'few' | 'many'
}

/**
 * The latest start that is due, and whether others before it were missed; null when the schedule never comes, or comes
 * more than once a second.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/cronjob/utils.go (mostRecentScheduleTime).
 */
export function mostRecentStart(times: CronTimes, now: number, schedule: CronSchedule, withDeadline: boolean): MissedStarts | null {
  let earliest = times.lastScheduleTime ?? times.createdAt
  if (withDeadline && times.startingDeadlineSeconds !== null) {
    earliest = Math.max(earliest, now - times.startingDeadlineSeconds * 1000)
  }
  const first = schedule.next(earliest)
  if (first === null) return null
  if (now < first) return { earliest, mostRecent: null, missed: 'none' }
  const second = schedule.next(first)
  if (second === null) return null
  if (now < second) return { earliest, mostRecent: first, missed: 'none' }
  const seconds = Math.round((second - first) / 1000)
  if (seconds < 1) return null
  const count = Math.floor(Math.floor((now - first) / 1000) / seconds) + 1
  // One interval further back, since intervals may differ: from there the schedule itself is followed.
  let mostRecent: number | null = null
  for (let time = schedule.next(first + (count - 2) * seconds * 1000); time !== null && time <= now; time = schedule.next(time)) {
    mostRecent = time
  }
  return { earliest, mostRecent, missed: count > MANY_MISSED ? 'many' : 'few' }
}

/** The start that is due now, or null. Source: as above (nextScheduleTime). */
export function dueStart(times: CronTimes, now: number, schedule: CronSchedule): { time: number | null; tooMany: boolean } | null {
  const found = mostRecentStart(times, now, schedule, true)
  if (found === null) return null
  if (found.mostRecent === null || found.mostRecent > now) return { time: null, tooMany: false }
  return { time: found.mostRecent, tooMany: found.missed === 'many' }
}

/** Milliseconds until the controller has to look again; null for never. Source: as above (nextScheduleTimeDuration). */
export function untilNextStart(times: CronTimes, now: number, schedule: CronSchedule): number | null {
  const found = mostRecentStart(times, now, schedule, false)
  const from = found === null ? now : (found.mostRecent ?? (found.missed === 'none' ? found.earliest : now))
  const next = schedule.next(from)
  return next === null ? null : next + SCHEDULE_SLACK_MS - now
}

/** A Job of the CronJob. */
export interface CronChild {
  readonly name: string
  readonly uid: string
  readonly finished: 'Complete' | 'Failed' | null
  readonly completedAt: number | null
}

export interface CronState extends CronTimes {
  readonly name: string
  readonly schedule: string
  readonly timeZone: string
  readonly suspend: boolean
  readonly concurrencyPolicy: 'Allow' | 'Forbid' | 'Replace'
  readonly active: readonly { readonly name: string; readonly uid: string }[]
  readonly lastSuccessfulTime: number | null
}

export interface CronPlan {
  /** The status before anything is started. */
  readonly active: readonly { readonly name: string; readonly uid: string }[]
  readonly lastSuccessfulTime: number | null
  /** Active Jobs to be deleted before the start. */
  readonly replace: readonly { readonly name: string; readonly uid: string }[]
  readonly start: { readonly name: string; readonly time: number } | null
  /** Milliseconds; null: an event has to come first. */
  readonly requeueAfter: number | null
  readonly warnings: readonly string[]
  /** What else there is to tell. */
  readonly notes: readonly string[]
}

/** The same name for the same schedule time, so that a Job is never made twice. Source: as above (getJobName). */
export function cronJobName(name: string, time: number): string {
  return `${name}-${Math.floor(time / 60_000)}`
}

/**
 * What one reconcile of a CronJob is to do. `children` are its Jobs; active ones that are not among them are taken to be gone.
 *
 * Source: Kubernetes v1.36.2 pkg/controller/cronjob/cronjob_controllerv2.go (syncCronJob).
 */
export function planCronJob(state: CronState, children: readonly CronChild[], now: number): CronPlan {
  const byUid = new Map(children.map((child) => [child.uid, child]))
  const notes: string[] = []
  const warnings: string[] = []
  let lastSuccessfulTime = state.lastSuccessfulTime
  for (const child of children) {
    if (child.finished === null && !state.active.some(({ uid }) => uid === child.uid)) warnings.push(`UnexpectedJob: ${child.name}`)
    if (
      child.finished === 'Complete' &&
      child.completedAt !== null &&
      child.completedAt > (lastSuccessfulTime ?? Number.NEGATIVE_INFINITY)
    ) {
      lastSuccessfulTime = child.completedAt
    }
  }
  const active = state.active.filter(({ name, uid }) => {
    const child = byUid.get(uid)
    if (child === undefined) notes.push(`MissingJob: ${name}`)
    else if (child.finished !== null) notes.push(`SawCompletedJob: ${name}, condition: ${child.finished}`)
    return child !== undefined && child.finished === null
  })
  const plan = (rest: Partial<CronPlan>): CronPlan => ({
    active,
    lastSuccessfulTime,
    replace: [],
    start: null,
    requeueAfter: null,
    warnings,
    notes,
    ...rest,
  })
  if (state.suspend) return plan({})
  const parsed = parseSchedule(state.schedule, state.timeZone)
  if (!parsed.ok) {
    warnings.push(`UnparseableSchedule: ${parsed.complaint}`)
    return plan({})
  }
  const { schedule } = parsed
  const due = dueStart(state, now, schedule)
  if (due === null) {
    warnings.push('InvalidSchedule: it never comes')
    return plan({})
  }
  if (due.tooMany) warnings.push('TooManyMissedTimes: too many missed start times')
  const wait = plan({ requeueAfter: untilNextStart(state, now, schedule) })
  if (due.time === null) return wait
  const { startingDeadlineSeconds } = state
  if (startingDeadlineSeconds !== null && due.time + startingDeadlineSeconds * 1000 < now) {
    warnings.push('MissSchedule: missed its starting deadline')
    return wait
  }
  const name = cronJobName(state.name, due.time)
  if (active.some((job) => job.name === name) || state.lastScheduleTime === due.time) return wait
  if (state.concurrencyPolicy === 'Forbid' && active.length > 0) {
    notes.push('JobAlreadyActive: not starting, since concurrency is forbidden')
    return wait
  }
  const after = { ...state, lastScheduleTime: due.time }
  const replace = state.concurrencyPolicy === 'Replace' ? active : []
  return plan({ replace, start: { name, time: due.time }, requeueAfter: untilNextStart(after, now, schedule) })
}
