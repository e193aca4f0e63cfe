import { describe, expect, test } from 'vitest'
import type { CronJob, Job } from '../../../src/api/objects/index.ts'
import { EPOCH_UNIX_MS } from '../../../src/control-plane/wall-clock.ts'
import { distribution } from '../../../src/engine/distributions.ts'
import { MINUTE, SECOND } from '../../../src/units.ts'
import { Testbed } from '../testbed.ts'
import { cronJobOf } from './objects.ts'
import { recording } from './recording.ts'

const FIRST_MINUTE = EPOCH_UNIX_MS / 60_000

function bedOf(seconds: number): { bed: Testbed; steps: string[]; times: number[] } {
  const run = { duration: distribution({ kind: 'constant', value: seconds * SECOND }), exitCode: 0, failProbability: 0 }
  const bed = new Testbed({ run })
  const steps: string[] = []
  const times: number[] = []
  const minuteOf = (name: string): number => Number(name.slice('cj-'.length)) - FIRST_MINUTE
  bed.plane.server.observe('Job', (event) => {
    const { name } = event.object.metadata
    if (event.type === 'ADDED') times.push(bed.sim.now)
    if (event.type !== 'MODIFIED') steps.push(`${event.type === 'ADDED' ? 'create' : 'gone'} ${minuteOf(name)}`)
    const conditions = (event.object as Job).status.conditions
    if (event.type === 'MODIFIED' && conditions.at(-1)?.type === 'Complete') steps.push(`complete ${minuteOf(name)}`)
  })
  return { bed, steps, times }
}

function apply(bed: Testbed, change: Partial<CronJob['spec']> = {}, schedule = '* * * * *'): void {
  bed.plane.kubectl.run({ verb: 'apply', objects: [cronJobOf('cj', schedule, change)] }, 'apply')
}

describe('a CronJob', () => {
  const recorded = recording('5-cronjob-Allow-1')
  test.skipIf(recorded.absent)(
    `names its Jobs after the minute and keeps one of those that succeeded, as recorded ${recorded.note}`,
    () => {
      const { bed, steps } = bedOf(5)
      apply(bed, { successfulJobsHistoryLimit: 1 })
      bed.sim.run(3 * MINUTE + 30 * SECOND)
      const first = Number(recorded.events.find((event) => event.k === 'job' && event.e === 'A')!.o!.slice('cj-'.length))
      const wanted = recorded.events.flatMap((event) => {
        if (event.k !== 'job') return []
        const minute = 1 + Number(event.o!.slice('cj-'.length)) - first
        const conditions = (event.c ?? {}) as Record<string, string>
        if (event.e === 'A') return [`create ${minute}`]
        if (event.e === 'D') return [`gone ${minute}`]
        return conditions.Complete === undefined ? [] : [`complete ${minute}`]
      })
      expect(wanted.length).toBeGreaterThan(6)
      expect(steps.slice(0, wanted.length)).toEqual(wanted)
    },
  )

  test('starts each Job within 0.2 s after 100 ms past the minute', () => {
    const { bed, times } = bedOf(5)
    apply(bed)
    bed.sim.run(3 * MINUTE + 30 * SECOND)
    expect(times.length).toBe(3)
    for (const [i, time] of times.entries()) {
      const late = time / SECOND - (i + 1) * 60
      expect(late).toBeGreaterThanOrEqual(0.1)
      expect(late).toBeLessThan(0.3)
    }
  })

  // Jobs of 90 s, every minute.
  test.each([
    ['Allow', ['create 1', 'create 2', 'complete 1', 'create 3', 'complete 2', 'create 4']],
    // The second minute is missed while the first Job runs; its end is the event that starts it, late.
    ['Forbid', ['create 1', 'complete 1', 'create 2', 'complete 2', 'create 4']],
    ['Replace', ['create 1', 'gone 1', 'create 2', 'gone 2', 'create 3', 'gone 3', 'create 4']],
  ] as const)('with concurrency policy %s', (concurrencyPolicy, wanted) => {
    const { bed, steps } = bedOf(90)
    apply(bed, { concurrencyPolicy })
    bed.sim.run(4 * MINUTE + 10 * SECOND)
    expect(steps).toEqual(wanted)
  })

  test('asks the API server before it calls a Job unexpected that its cache does not know to be active', () => {
    const { bed } = bedOf(70)
    apply(bed, { concurrencyPolicy: 'Forbid' })
    bed.sim.run(5 * MINUTE)
    const notes: string[] = []
    for (let id = 0; id < bed.trace.length; id++)
      if (bed.trace.hop(id).action === 'noted') notes.push(bed.trace.hop(id).detail.split(':')[0]!)
    expect(new Set(notes)).toEqual(new Set(['JobAlreadyActive', 'SawCompletedJob']))
  })

  test('that is suspended starts nothing', () => {
    const { bed, steps } = bedOf(5)
    apply(bed, { suspend: true })
    bed.sim.run(3 * MINUTE)
    expect(steps).toEqual([])
  })

  test('takes its Jobs and their pods with it when it is deleted', () => {
    const { bed, steps } = bedOf(90)
    let pods = 0
    bed.plane.server.observe('Pod', (event) => {
      if (event.type === 'ADDED') pods++
      if (event.type === 'DELETED') pods--
    })
    apply(bed)
    bed.sim.run(70 * SECOND)
    expect(pods).toBe(1)
    bed.plane.kubectl.run({ verb: 'delete', kind: 'CronJob', namespace: 'default', name: 'cj', gracePeriodSeconds: null }, 'delete')
    bed.sim.run(2 * MINUTE)
    expect([pods, ...steps]).toEqual([0, 'create 1', 'gone 1'])
  })
})
