import { parseSchedule } from '../cron-schedule.ts'
import { type Checked, complainOutside } from './rule-context.ts'
import { checkPodTemplate, checkReplicated, checkShare, specOf } from './workloads.ts'

/** Rules of StatefulSets. Source: kubernetes v1.36.2 pkg/apis/apps/validation/validation.go (behaviour). */
export function checkStatefulSet(object: Checked): void {
  const spec = specOf(object)
  if (spec === null) return
  checkReplicated(spec)
  complainOutside(spec.at('revisionHistoryLimit'), 0)
  complainOutside(spec.at('ordinals', 'start'), 0)
  const rolling = spec.at('updateStrategy', 'rollingUpdate')
  complainOutside(spec.at('updateStrategy', 'rollingUpdate', 'partition'), 0)
  if (rolling !== null && spec.text('updateStrategy', 'type') === 'OnDelete') {
    rolling.complainAtKey('"rollingUpdate" is not allowed with update strategy "OnDelete"')
  }
}

/** Rules of DaemonSets. Source: as above. */
export function checkDaemonSet(object: Checked): void {
  const spec = specOf(object)
  if (spec === null) return
  checkReplicated(spec)
  complainOutside(spec.at('revisionHistoryLimit'), 0)
  const rolling = spec.at('updateStrategy', 'rollingUpdate')
  if (rolling === null) return
  const unavailable = checkShare(rolling.at('maxUnavailable')) ?? 1
  const surge = checkShare(rolling.at('maxSurge')) ?? 0
  const place = rolling.at('maxSurge') ?? rolling.at('maxUnavailable')
  if (unavailable !== 0 && surge !== 0)
    place?.complain('"maxSurge" and "maxUnavailable" must not both be more than 0: one of them is how a node is updated')
  if (unavailable === 0 && surge === 0) place?.complain('"maxSurge" and "maxUnavailable" must not both be 0: the rollout could not move')
}

/** Rules of ReplicationControllers. Source: pkg/apis/core/validation/validation.go (behaviour). */
export function checkReplicationController(object: Checked): void {
  const spec = specOf(object)
  if (spec === null) return
  complainOutside(spec.at('replicas'), 0)
  complainOutside(spec.at('minReadySeconds'), 0)
  const template = spec.at('template')
  if (template === null) {
    spec.complainAtKey('"template" is missing')
    return
  }
  checkPodTemplate(template, ['Always'])
  const labels = new Map(template.entries('metadata', 'labels').map(({ key, value }) => [key, value.value]))
  const selector = spec.entries('selector')
  if (selector.length === 0 && labels.size === 0) spec.complainAtKey('The template has no labels to be selected by')
  for (const { key, value } of selector) {
    if (labels.get(key) !== value.value) value.complain(`The selector does not match the labels of the template: "${key}" differs`)
  }
}

/** Rules of Jobs. Source: pkg/apis/batch/validation/validation.go (behaviour). */
export function checkJob(object: Checked): void {
  const spec = specOf(object)
  if (spec !== null) checkJobSpec(spec)
}

/** Rules of CronJobs. Source: as above. */
export function checkCronJob(object: Checked): void {
  const spec = specOf(object)
  if (spec === null) return
  for (const field of ['startingDeadlineSeconds', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'])
    complainOutside(spec.at(field), 0)
  checkSchedule(spec)
  const job = spec.at('jobTemplate', 'spec')
  if (job !== null) checkJobSpec(job)
}

function checkSchedule(spec: Checked): void {
  const schedule = spec.at('schedule')
  const zone = spec.at('timeZone')
  if (schedule === null || typeof schedule.value !== 'string') return
  if (/TZ=/.test(schedule.value)) {
    schedule.complain('Cannot use a time zone within "schedule"', 'a schedule without one, and "timeZone"')
    return
  }
  const plain = parseSchedule(schedule.value)
  if (!plain.ok)
    schedule.complain(
      `Cannot use "${schedule.value}" as a schedule: ${plain.complaint}`,
      'five fields such as */5 * * * *, or a macro such as @hourly',
    )
  if (zone === null || typeof zone.value !== 'string') return
  if (!parseSchedule('* * * * *', zone.value).ok || zone.value === '') {
    zone.complain(
      `Cannot use the time zone "${zone.value}": the model has no daylight saving time`,
      'UTC, or a zone of a fixed offset such as Etc/GMT-2',
    )
  }
}

function checkJobSpec(spec: Checked): void {
  const counts = ['parallelism', 'completions', 'backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished']
  for (const field of counts) complainOutside(spec.at(field), 0)
  const indexed = spec.text('completionMode') === 'Indexed'
  if (indexed && spec.at('completions') === null)
    spec.at('completionMode')?.complain('A Job of completion mode "Indexed" needs "completions"')
  const template = spec.at('template')
  if (template === null) return
  checkPodTemplate(template, ['OnFailure', 'Never'])
  if (template.at('spec') !== null && template.at('spec', 'restartPolicy') === null) {
    template.at('spec')?.complainAtKey('The template of a Job needs a "restartPolicy"', 'OnFailure or Never')
  }
  checkFailurePolicy(spec)
}

function checkFailurePolicy(spec: Checked): void {
  const policy = spec.at('podFailurePolicy')
  if (policy === null) return
  if (spec.text('template', 'spec', 'restartPolicy') !== 'Never')
    policy.complainAtKey('"podFailurePolicy" needs the restart policy "Never"')
  if (spec.text('podReplacementPolicy') === 'TerminatingOrFailed') {
    spec.at('podReplacementPolicy')?.complain('With "podFailurePolicy" only failed pods are replaced', 'Failed')
  }
  for (const rule of policy.items('rules')) {
    const given = ['onExitCodes', 'onPodConditions'].filter((field) => rule.at(field) !== null)
    if (given.length !== 1) rule.complainAtKey('A rule of a pod failure policy has exactly one of "onExitCodes" and "onPodConditions"')
    if (rule.text('action') === 'FailIndex')
      rule.at('action')?.complain('The action "FailIndex" is not modelled', 'FailJob, Ignore or Count')
  }
}
