import { describe, expect, test } from 'vitest'
import type { Job, Pod } from '../../../src/api/objects/index.ts'
import { distribution } from '../../../src/engine/distributions.ts'
import type { RunBehaviour } from '../../../src/node/container-runtime.ts'
import { type Nanos, SECOND } from '../../../src/units.ts'
import { Testbed } from '../testbed.ts'
import { jobOf } from './objects.ts'
import { type RecordedEvent, recording } from './recording.ts'

function running(seconds: number, exitCode = 0): RunBehaviour {
  const duration = distribution({ kind: 'constant', value: seconds * SECOND })
  return { duration, exitCode, failProbability: exitCode === 0 ? 0 : 1 }
}

interface Step {
  readonly time: Nanos
  readonly text: string
}

/** The status that a write leaves, as the recordings spell it. */
interface Told {
  act: number
  suc: number
  fail: number
  trm: number
  unc: string
  c: Record<string, string>
}

function spelt(told: Told): string {
  const conditions = Object.entries(told.c).map(([type, value]) => `${type}=${value}`)
  return [`act ${told.act} suc ${told.suc} fail ${told.fail} trm ${told.trm} unc ${told.unc}`, ...conditions].join(' ')
}

/** Pods made and statuses written. The number of ready pods is left out: when they are ready is the kubelet's. */
function watch(bed: Testbed): Step[] {
  const steps: Step[] = []
  bed.plane.server.observe('Pod', (event) => {
    const pod = event.object as Pod
    const before = event.previous as Pod | undefined
    if (event.type === 'ADDED') steps.push({ time: bed.sim.now, text: 'create' })
    else if (event.type === 'MODIFIED' && before!.metadata.deletionTimestamp === null && pod.metadata.deletionTimestamp !== null)
      steps.push({ time: bed.sim.now, text: 'delete' })
  })
  bed.plane.server.observe('Job', (event) => {
    if (event.type !== 'MODIFIED') return
    const { status } = event.object as Job
    const { uncountedTerminatedPods: uncounted } = status
    const text = spelt({
      act: status.active,
      suc: status.succeeded,
      fail: status.failed,
      trm: status.terminating,
      unc: `${uncounted.succeeded.length}/${uncounted.failed.length}`,
      c: Object.fromEntries(status.conditions.map((condition) => [condition.type, `${condition.status}/${condition.reason}`])),
    })
    if (steps.findLast((step) => step.text.startsWith('act'))?.text !== text) steps.push({ time: bed.sim.now, text })
  })
  return steps
}

function recordedSteps(events: readonly RecordedEvent[]): string[] {
  const told: Told = { act: 0, suc: 0, fail: 0, trm: 0, unc: '0/0', c: {} }
  const steps: string[] = []
  const deleted = new Set<string>()
  for (const event of events) {
    if (event.k === 'pod' && event.e === 'A') steps.push('create')
    if (event.k === 'pod' && event.e === 'M' && event.del !== undefined && event.del !== null && !deleted.has(event.o!)) {
      deleted.add(event.o!)
      steps.push('delete')
    }
    if (event.k !== 'job' || event.e !== 'M') continue
    for (const field of ['act', 'suc', 'fail', 'trm'] as const) if (event[field] !== undefined) told[field] = Number(event[field] ?? 0)
    if (event.unc !== undefined) told.unc = String(event.unc ?? '0/0')
    told.c = { ...told.c, ...((event.c ?? {}) as Record<string, string>) }
    const text = spelt(told)
    if (steps.findLast((step) => step.startsWith('act')) !== text) steps.push(text)
  }
  return steps
}

function start(bed: Testbed, job: Job): Step[] {
  const steps = watch(bed)
  bed.plane.kubectl.run({ verb: 'apply', objects: [job] }, 'apply')
  return steps
}

const RECORDED: readonly { name: string; spec: Partial<Job['spec']>; run: RunBehaviour; until: number }[] = [
  { name: '5-job-par3-comp9-1', spec: { parallelism: 3, completions: 9 }, run: running(2), until: 60 },
  { name: '5-job-par3-comp9-2', spec: { parallelism: 3, completions: 9 }, run: running(2), until: 60 },
  { name: '5-job-indexed-par4-comp4-1', spec: { parallelism: 4, completions: 4, completionMode: 'Indexed' }, run: running(2), until: 60 },
  { name: '5-job-fail-backoff3-1', spec: { backoffLimit: 3 }, run: running(1, 1), until: 150 },
  { name: '5-job-deadline5-1', spec: { parallelism: 2, completions: 2, activeDeadlineSeconds: 5 }, run: running(60), until: 60 },
]

/** With containers that start at once, so that pods that run side by side end within the same second, as in the recordings. */
function quickBed(run: RunBehaviour): Testbed {
  const quick = { kind: 'constant', value: 1_000_000 } as const
  return new Testbed({ run, latencies: { volumes: quick, sandbox: quick, cniAdd: quick, containerStart: quick, kubeletSync: quick } })
}

describe('a Job takes the steps of the recorded one', () => {
  for (const { name, spec, run, until } of RECORDED) {
    const recorded = recording(name)
    test.skipIf(recorded.absent)(`${name} ${recorded.note}`, () => {
      const bed = quickBed(run)
      const steps = start(bed, jobOf('j', spec))
      bed.sim.run(until * SECOND)
      expect(steps.map((step) => step.text)).toEqual(recordedSteps(recorded.events))
    })
  }
})

describe('a Job', () => {
  // Finish times are whole seconds, so the back-off is up to a second less: 10, 20 and 40 s from the second in which the pod failed.
  test.each(['1', '2', '3'])('makes the next pod 10, 20 and 40 s after the second of the failure (seed %s)', (seed) => {
    const bed = new Testbed({ run: running(1, 1), seed })
    const made: Nanos[] = []
    const failed: Nanos[] = []
    bed.plane.server.observe('Pod', (event) => {
      const pod = event.object as Pod
      if (event.type === 'ADDED') made.push(bed.sim.now)
      if (pod.status.phase === 'Failed' && (event.previous as Pod).status.phase !== 'Failed')
        failed.push(pod.status.containerStatuses[0]!.finishedAt!)
    })
    start(bed, jobOf('j', { backoffLimit: 3 }))
    bed.sim.run(150 * SECOND)
    expect(made.length).toBe(4)
    for (const [i, delay] of [10, 20, 40].entries()) {
      const late = made[i + 1]! - (Math.floor(failed[i]! / SECOND) + delay) * SECOND
      expect(late / SECOND).toBeGreaterThanOrEqual(0)
      expect(late / SECOND).toBeLessThan(0.1)
    }
  })

  test('Indexed makes every index once, the lowest first, and names the pods by it', () => {
    const bed = quickBed(running(2))
    const made: string[] = []
    bed.plane.server.observe('Pod', (event) => {
      if (event.type === 'ADDED') made.push(event.object.metadata.name.slice(0, -5))
    })
    start(bed, jobOf('j', { parallelism: 2, completions: 5, completionMode: 'Indexed' }))
    bed.sim.run(60 * SECOND)
    expect(made).toEqual(['j-0-', 'j-1-', 'j-2-', 'j-3-', 'j-4-'])
    expect(bed.plane.server.peek('Job', 'default', 'j')!.status).toMatchObject({ succeeded: 5, completedIndexes: '0-4' })
  })

  test('leaves no finalizer behind, so that its pods go with it', () => {
    const bed = quickBed(running(2))
    const pods = new Set<string>()
    bed.plane.server.observe('Pod', (event) => {
      if (event.type === 'DELETED') pods.delete(event.object.metadata.name)
      else pods.add(event.object.metadata.name)
    })
    start(bed, jobOf('done', { parallelism: 2, completions: 2, ttlSecondsAfterFinished: 5 }))
    bed.sim.run(7 * SECOND)
    expect(pods.size).toBe(2)
    bed.sim.run(30 * SECOND)
    expect(bed.plane.server.peek('Job', 'default', 'done')).toBeUndefined()
    expect(pods.size).toBe(0)
    start(bed, jobOf('running', { parallelism: 2, completions: 2 }))
    bed.sim.run(31.5 * SECOND)
    expect(pods.size).toBe(2)
    bed.plane.kubectl.run({ verb: 'delete', kind: 'Job', namespace: 'default', name: 'running', gracePeriodSeconds: null }, 'delete')
    bed.sim.run(90 * SECOND)
    expect(pods.size).toBe(0)
  })

  test('that is suspended deletes its pods, and counts its time anew when it is resumed', () => {
    const bed = quickBed(running(30))
    start(bed, jobOf('j', { parallelism: 2, completions: 2 }))
    bed.sim.run(5 * SECOND)
    bed.plane.kubectl.run({ verb: 'apply', objects: [jobOf('j', { parallelism: 2, completions: 2, suspend: true })] }, 'suspend')
    bed.sim.run(20 * SECOND)
    const suspended = bed.plane.server.peek('Job', 'default', 'j')!.status
    expect(suspended).toMatchObject({ active: 0, terminating: 0, failed: 0, startTime: null })
    expect(suspended.conditions[0]).toMatchObject({ type: 'Suspended', status: 'True', reason: 'JobSuspended' })
    bed.plane.kubectl.run({ verb: 'apply', objects: [jobOf('j', { parallelism: 2, completions: 2, suspend: false })] }, 'resume')
    bed.sim.run(90 * SECOND)
    const resumed = bed.plane.server.peek('Job', 'default', 'j')!.status
    expect(resumed.startTime! / SECOND).toBe(20)
    expect(resumed.succeeded).toBe(2)
    expect(resumed.conditions.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Suspended False',
      'SuccessCriteriaMet True',
      'Complete True',
    ])
  })

  test('with less parallelism deletes pods that do not count as failures', () => {
    const bed = quickBed(running(20))
    start(bed, jobOf('j', { parallelism: 3, completions: 3, backoffLimit: 0 }))
    bed.sim.run(5 * SECOND)
    bed.plane.kubectl.run({ verb: 'apply', objects: [jobOf('j', { parallelism: 1, completions: 3, backoffLimit: 0 })] }, 'apply')
    bed.sim.run(15 * SECOND)
    expect(bed.plane.server.peek('Job', 'default', 'j')!.status).toMatchObject({ active: 1, failed: 0 })
    bed.sim.run(120 * SECOND)
    expect(bed.plane.server.peek('Job', 'default', 'j')!.status).toMatchObject({ active: 0, succeeded: 3, failed: 0 })
  })

  test('counts a pod that somebody deletes as a failure', () => {
    const bed = quickBed(running(20))
    let pod = ''
    bed.plane.server.observe('Pod', (event) => {
      if (pod === '') pod = event.object.metadata.name
    })
    start(bed, jobOf('j', { backoffLimit: 0 }))
    bed.sim.run(5 * SECOND)
    bed.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name: pod, gracePeriodSeconds: null }, 'delete')
    bed.sim.run(30 * SECOND)
    expect(bed.plane.server.peek('Job', 'default', 'j')!.status).toMatchObject({ active: 0, succeeded: 0, failed: 1 })
  })

  test.each([
    ['FailJob', 'Failed True PodFailurePolicy'],
    ['Ignore', ''],
    ['Count', 'Failed True BackoffLimitExceeded'],
  ] as const)('with a pod failure policy that says %s ends so: %s', (action, ending) => {
    const bed = quickBed(running(1, 42))
    const rule = { action, onExitCodes: { containerName: '', operator: 'In' as const, values: [42] }, onPodConditions: null }
    start(bed, jobOf('j', { backoffLimit: 0, podFailurePolicy: [rule], podReplacementPolicy: 'Failed' }))
    bed.sim.run(30 * SECOND)
    const last = bed.plane.server.peek('Job', 'default', 'j')!.status.conditions.at(-1)
    expect(last === undefined ? '' : `${last.type} ${last.status} ${last.reason}`).toBe(ending)
  })
})
