import { type CronSchedule, parseSchedule } from '../../../src/api/cron-schedule.ts'
import {
  type CronChild,
  type CronState,
  type CronTimes,
  dueStart,
  mostRecentStart,
  planCronJob,
  untilNextStart,
} from '../../../src/control-plane/controllers/cron-job-plan.ts'
import { type Case, casesIn, type Outcome, Tally } from './outcome.ts'

/** When the CronJob controller of Kubernetes v1.36.2 starts Jobs, and when it looks again. */
export function check(file: unknown): Outcome {
  const tally = new Tally()
  for (const row of casesIn(file)) {
    const checkCategory = CATEGORIES.get(row.category)
    if (checkCategory === undefined) tally.skip(row.id, `"${row.category}" is no function of the model`)
    else tally.attempt(row.id, () => checkCategory(row, tally))
  }
  return tally
}

const CATEGORIES: ReadonlyMap<string, (row: Case, tally: Tally) => void> = new Map([
  ['syncCronJob', checkSync],
  ['nextScheduleTime', withSchedule(checkDue)],
  ['nextScheduleTimeDuration', withSchedule(checkWait)],
  ['mostRecentScheduleTime', withSchedule(checkMostRecent)],
])

type ScheduleCheck = (row: Case, schedule: CronSchedule, times: CronTimes, tally: Tally) => void

function withSchedule(checkRow: ScheduleCheck): (row: Case, tally: Tally) => void {
  return (row, tally) => {
    const { cronJob } = row
    if (row.now === null) {
      tally.skip(row.id, 'a time before the calendar begins')
      return
    }
    const parsed = parseSchedule(cronJob.schedule, cronJob.timeZone ?? '')
    if (parsed.ok) checkRow(row, parsed.schedule, timesOf(cronJob), tally)
    else if (/time zone/.test(parsed.complaint)) tally.skip(row.id, 'time zones with daylight saving are not modelled')
    else tally.same(row.id, { error: true }, { error: row.expected.error })
  }
}

function checkDue({ id, now, expected }: Case, schedule: CronSchedule, times: CronTimes, tally: Tally): void {
  const due = dueStart(times, unixMs(now)!, schedule)
  tally.same(
    id,
    due === null ? { error: true } : { time: due.time },
    expected.error === true ? { error: true } : { time: unixMs(expected.time) },
  )
}

function checkWait({ id, now, expected }: Case, schedule: CronSchedule, times: CronTimes, tally: Tally): void {
  tally.same(id, untilNextStart(times, unixMs(now)!, schedule), Math.round(expected.seconds * 1000))
}

function checkMostRecent(row: Case, schedule: CronSchedule, times: CronTimes, tally: Tally): void {
  const { expected } = row
  const found = mostRecentStart(times, unixMs(row.now)!, schedule, row.includeStartingDeadline)
  const wanted =
    expected.error === true
      ? null
      : { earliest: unixMs(expected.earliest), mostRecent: unixMs(expected.mostRecent), missed: expected.missed }
  tally.same(row.id, found, wanted)
}

/** One whole reconcile, with at most one Job from before. */
function checkSync({ id, input, expected }: Case, tally: Tally): void {
  if (input.jobCreateError !== undefined && input.jobCreateError !== null) {
    tally.skip(id, 'what follows an error of the API server is the controller’s, not the plan’s')
    return
  }
  if (input.jobGetError !== undefined && input.jobGetError !== null) {
    tally.skip(id, 'what follows an error of the API server is the controller’s, not the plan’s')
    return
  }
  if (input.timeZone === 'America/New_York') {
    tally.skip(id, 'time zones with daylight saving are not modelled')
    return
  }
  const created = unixMs(input.jobCreationTime ?? null)
  const createdAt = unixMs(input.cronJobCreationTime ?? null)
  if (input.now === undefined || input.now === null) {
    tally.skip(id, 'a time before the calendar begins')
    return
  }
  const now = unixMs(input.now)!
  const child: CronChild = {
    name: 'before',
    uid: '1',
    finished: input.stillActive ? null : 'Complete',
    completedAt: input.stillActive ? null : created,
  }
  const children = input.ranPreviously && !input.jobStillNotFoundInLister ? [child] : []
  const missing = input.ranPreviously && input.jobStillNotFoundInLister ? [{ ...child, finished: null }] : []
  const state: CronState = {
    name: 'cron',
    schedule: input.schedule,
    timeZone: input.timeZone ?? '',
    suspend: input.suspend === true,
    concurrencyPolicy: input.concurrencyPolicy || 'Allow',
    startingDeadlineSeconds: input.deadlineSeconds ?? null,
    createdAt: createdAt ?? (input.ranPreviously ? JUST_BEFORE_PREVIOUS_HOUR : CREATED),
    lastScheduleTime: unixMs(input.lastScheduleTime ?? null) ?? (input.ranPreviously ? created : null),
    active: input.ranPreviously && input.jobPresentInCJActiveStatus ? [{ name: child.name, uid: child.uid }] : [],
    lastSuccessfulTime: null,
  }
  // A Job that the cache lacks is asked for from the API server, which has it.
  const plan = planCronJob(state, [...children, ...missing], now)
  const active = plan.active.length - plan.replace.length + (plan.start === null ? 0 : 1)
  tally.same(
    id,
    {
      create: plan.start !== null,
      delete: plan.replace.length > 0,
      active,
      requeue: plan.requeueAfter,
      warnings: plan.warnings.length,
    },
    {
      create: expected.create,
      delete: expected.delete,
      active: expected.active,
      requeue: expected.requeueSeconds === null ? null : Math.round(expected.requeueSeconds * 1000),
      warnings: expected.warnings,
    },
  )
}

/** When the CronJob of a case was made that does not say so. */
const JUST_BEFORE_PREVIOUS_HOUR = Date.parse('2016-05-19T08:59:00Z')
const CREATED = Date.parse('2016-05-19T09:59:00Z')

function timesOf(cronJob: Case): CronTimes {
  return {
    createdAt: unixMs(cronJob.creationTime)!,
    lastScheduleTime: unixMs(cronJob.lastScheduleTime ?? null),
    startingDeadlineSeconds: cronJob.startingDeadlineSeconds ?? null,
  }
}

function unixMs(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso)
}
