import { describe, expect, test } from 'vitest'
import type { Pod, StatefulSet } from '../../../src/api/objects/index.ts'
import { isReady } from '../../../src/control-plane/conditions.ts'
import { SECOND } from '../../../src/units.ts'
import { Testbed, type TestbedOptions } from '../testbed.ts'
import { statefulSetOf, templateOf } from './objects.ts'
import { type RecordedEvent, recording } from './recording.ts'

/** What happened to pods and what the status said, in order, without times. */
function watch(bed: Testbed): { steps: string[]; statuses: StatefulSet['status'][] } {
  const steps: string[] = []
  const statuses: StatefulSet['status'][] = []
  bed.plane.server.observe('Pod', (event) => {
    const pod = event.object as Pod
    const before = event.previous as Pod | undefined
    const { name } = pod.metadata
    if (event.type === 'ADDED') steps.push(`create ${name}`)
    else if (event.type === 'DELETED') steps.push(`gone ${name}`)
    else if (before!.metadata.deletionTimestamp === null && pod.metadata.deletionTimestamp !== null) steps.push(`delete ${name}`)
    else if (!isReady(before!) && isReady(pod)) steps.push(`ready ${name}`)
  })
  bed.plane.server.observe('StatefulSet', (event) => {
    const set = event.object as StatefulSet
    if (set.status !== (event.previous as StatefulSet | undefined)?.status) statuses.push(set.status)
  })
  return { steps, statuses }
}

function apply(bed: Testbed, set: StatefulSet): void {
  bed.plane.kubectl.run({ verb: 'apply', objects: [set] }, 'apply')
}

/** The same steps, as the recording has them. */
function recordedSteps(events: readonly RecordedEvent[]): string[] {
  const ready = new Set<string>()
  const deleted = new Set<string>()
  return events.flatMap((event) => {
    if (event.k !== 'pod') return []
    const name = event.o!
    const conditions = (event.c ?? {}) as Record<string, string>
    if (event.e === 'A') return [`create ${name}`]
    if (event.e === 'D') {
      ready.delete(name)
      deleted.delete(name)
      return [`gone ${name}`]
    }
    if (event.del !== undefined && event.del !== null) {
      const first = !deleted.has(name)
      deleted.add(name)
      // The kubelet's last DELETE sets the time of deletion once more.
      return first ? [`delete ${name}`] : []
    }
    if (conditions.Ready === 'True' && !ready.has(name)) {
      ready.add(name)
      return [`ready ${name}`]
    }
    if (conditions.Ready !== undefined) ready.delete(name)
    return []
  })
}

describe('a StatefulSet', () => {
  const recorded = recording('5-sts-OrderedReady-1')
  test.skipIf(recorded.absent)(
    `comes up, grows, rolls from the highest ordinal, replaces a deleted pod and shrinks as the recorded one did ${recorded.note}`,
    () => {
      const bed = new Testbed({ nodes: 5 })
      const { steps } = watch(bed)
      apply(bed, statefulSetOf('web', 4))
      bed.sim.run(60 * SECOND)
      apply(bed, statefulSetOf('web', 6))
      bed.sim.run(120 * SECOND)
      apply(bed, statefulSetOf('web', 6, { template: templateOf('web', 'v2') }))
      bed.sim.run(240 * SECOND)
      bed.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name: 'web-1', gracePeriodSeconds: null }, 'delete')
      bed.sim.run(300 * SECOND)
      apply(bed, statefulSetOf('web', 2, { template: templateOf('web', 'v2') }))
      bed.sim.run(360 * SECOND)
      expect(steps).toEqual(recordedSteps(recorded.events))
    },
  )

  test.skipIf(recorded.absent)(`says in its status what the recorded one said ${recorded.note}`, () => {
    const bed = new Testbed({ nodes: 5 })
    const { statuses } = watch(bed)
    apply(bed, statefulSetOf('web', 4))
    bed.sim.run(60 * SECOND)
    apply(bed, statefulSetOf('web', 6))
    bed.sim.run(120 * SECOND)
    apply(bed, statefulSetOf('web', 6, { template: templateOf('web', 'v2') }))
    bed.sim.run(240 * SECOND)
    const got = statuses.map((s) => [s.replicas, s.readyReplicas, s.currentReplicas, s.updatedReplicas].join(' '))
    const state = { cur: 0, rdy: 0, cr: 0, ur: 0 }
    const wanted: string[] = []
    for (const event of recorded.events) {
      if (event.k === 'cmd' && String(event.m).startsWith('DELETE')) break
      if (event.k !== 'sts') continue
      for (const field of ['cur', 'rdy', 'cr', 'ur'] as const) if (event[field] !== undefined) state[field] = Number(event[field] ?? 0)
      // A write of the user's changes no count.
      if (event.gen === undefined || event.e === 'A') wanted.push([state.cur, state.rdy, state.cr, state.ur].join(' '))
    }
    expect(got).toEqual(wanted)
  })

  test('with Parallel makes and deletes all at once', () => {
    const bed = new Testbed()
    const { steps } = watch(bed)
    apply(bed, statefulSetOf('web', 4, { podManagementPolicy: 'Parallel' }))
    bed.sim.run(20 * SECOND)
    expect(steps.slice(0, 4).sort()).toEqual(['create web-0', 'create web-1', 'create web-2', 'create web-3'])
    steps.length = 0
    apply(bed, statefulSetOf('web', 1, { podManagementPolicy: 'Parallel' }))
    bed.sim.run(60 * SECOND)
    expect(steps.slice(0, 3).sort()).toEqual(['delete web-1', 'delete web-2', 'delete web-3'])
    expect(steps.slice(3).sort()).toEqual(['gone web-1', 'gone web-2', 'gone web-3'])
  })

  test('rolls down to the partition only, and a pod below it keeps its revision when it is made anew', () => {
    const bed = new Testbed()
    const { steps, statuses } = watch(bed)
    apply(bed, statefulSetOf('web', 4))
    bed.sim.run(30 * SECOND)
    steps.length = 0
    const updateStrategy = { type: 'RollingUpdate', partition: 2 } as const
    apply(bed, statefulSetOf('web', 4, { template: templateOf('web', 'v2'), updateStrategy }))
    bed.sim.run(90 * SECOND)
    expect(steps.filter((step) => step.startsWith('delete'))).toEqual(['delete web-3', 'delete web-2'])
    expect(statuses.at(-1)).toMatchObject({ replicas: 4, readyReplicas: 4, currentReplicas: 2, updatedReplicas: 2 })
    for (const name of ['web-0', 'web-3'])
      bed.plane.kubectl.run({ verb: 'delete', kind: 'Pod', namespace: 'default', name, gracePeriodSeconds: null }, 'delete')
    bed.sim.run(150 * SECOND)
    const image = (name: string): string | undefined => bed.plane.server.peek('Pod', 'default', name)?.spec.containers[0]?.image
    expect([image('web-0'), image('web-3')]).toEqual(['example/server:v1', 'example/server:v2'])
  })

  test('with OnDelete changes a pod only when somebody deletes it', () => {
    const bed = new Testbed()
    const { steps } = watch(bed)
    const updateStrategy = { type: 'OnDelete', partition: 0 } as const
    apply(bed, statefulSetOf('web', 2, { updateStrategy }))
    bed.sim.run(20 * SECOND)
    steps.length = 0
    apply(bed, statefulSetOf('web', 2, { updateStrategy, template: templateOf('web', 'v2') }))
    bed.sim.run(60 * SECOND)
    expect(steps).toEqual([])
  })

  test('with minReadySeconds waits that long, up to a second more, before the next pod', () => {
    const bed = new Testbed()
    const times = new Map<string, number>()
    bed.plane.server.observe('Pod', (event) => {
      const pod = event.object as Pod
      if (event.type === 'ADDED') times.set(`create ${pod.metadata.name}`, bed.sim.now)
      if (isReady(pod) && !times.has(`ready ${pod.metadata.name}`)) times.set(`ready ${pod.metadata.name}`, bed.sim.now)
    })
    apply(bed, statefulSetOf('web', 2, { minReadySeconds: 5 }))
    bed.sim.run(30 * SECOND)
    const waited = (times.get('create web-1')! - times.get('ready web-0')!) / SECOND
    expect(waited).toBeGreaterThan(4.9)
    expect(waited).toBeLessThan(6.2)
  })

  test('a broken template blocks at the highest ordinal, and nothing is rolled back', () => {
    const bed = new Testbed()
    const { steps } = watch(bed)
    apply(bed, statefulSetOf('web', 3))
    bed.sim.run(30 * SECOND)
    steps.length = 0
    const broken = templateOf('web', 'v2', { nodeSelector: { no: 'such-node' } })
    apply(bed, statefulSetOf('web', 3, { template: broken }))
    bed.sim.run(120 * SECOND)
    expect(steps).toEqual(['delete web-2', 'gone web-2', 'create web-2'])
  })

  test('a pod on a dead node is not replaced while its name is taken', () => {
    const options: TestbedOptions = { nodes: 3 }
    const bed = new Testbed(options)
    const { steps } = watch(bed)
    apply(bed, statefulSetOf('web', 2))
    bed.sim.run(30 * SECOND)
    const node = bed.plane.server.peek('Pod', 'default', 'web-1')!.spec.nodeName
    bed.kubelets[Number(node.slice('worker-'.length)) - 1]!.crash()
    steps.length = 0
    bed.sim.run(900 * SECOND)
    expect(steps).toEqual(['delete web-1'])
  })

  test('takes its pods and revisions with it when it is deleted', () => {
    const bed = new Testbed()
    const { steps } = watch(bed)
    let revisions = 0
    bed.plane.server.observe('ControllerRevision', (event) => {
      if (event.type === 'ADDED') revisions++
      if (event.type === 'DELETED') revisions--
    })
    apply(bed, statefulSetOf('web', 2))
    bed.sim.run(20 * SECOND)
    expect(revisions).toBe(1)
    bed.plane.kubectl.run({ verb: 'delete', kind: 'StatefulSet', namespace: 'default', name: 'web', gracePeriodSeconds: null }, 'delete')
    bed.sim.run(60 * SECOND)
    expect(revisions).toBe(0)
    expect(steps.slice(-2).sort()).toEqual(['gone web-0', 'gone web-1'])
  })
})
