import { expect, test } from 'vitest'
import { readManifests } from '../manifest.ts'

const POD = '{ containers: [{ name: a, image: "a:1" }] }'
const JOB_POD = '{ restartPolicy: Never, containers: [{ name: a, image: "a:1" }] }'

function statefulSet(spec: string): string {
  return `{ apiVersion: apps/v1, kind: StatefulSet, metadata: { name: a }, spec: { serviceName: a, selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: ${POD} }${spec} } }`
}

function daemonSet(spec: string): string {
  return `{ apiVersion: apps/v1, kind: DaemonSet, metadata: { name: a }, spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: ${POD} }${spec} } }`
}

function job(spec: string, pod = JOB_POD): string {
  return `{ apiVersion: batch/v1, kind: Job, metadata: { name: a }, spec: { template: { spec: ${pod} }${spec} } }`
}

function cronJob(spec: string): string {
  return `{ apiVersion: batch/v1, kind: CronJob, metadata: { name: a }, spec: { jobTemplate: { spec: { template: { spec: ${JOB_POD} } } }, ${spec} } }`
}

test.each([
  [statefulSet(', podManagementPolicy: Sometimes'), /podManagementPolicy|Sometimes/],
  [statefulSet(', updateStrategy: { type: OnDelete, rollingUpdate: { partition: 1 } }'), /not allowed with update strategy "OnDelete"/],
  [daemonSet(', updateStrategy: { rollingUpdate: { maxUnavailable: 0 } }'), /must not both be 0/],
  [daemonSet(', updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } }'), /must not both be more than 0/],
  [job('', POD), /needs a "restartPolicy"/],
  [job('', '{ restartPolicy: Always, containers: [{ name: a, image: "a:1" }] }'), /Cannot use "Always" for "restartPolicy"/],
  [job(', completionMode: Indexed'), /needs "completions"/],
  [job(', parallelism: -1'), /Cannot use -1 for "parallelism"/],
  [cronJob('schedule: "61 * * * *"'), /61 is above the last minute, 59/],
  [cronJob('schedule: "* * * *"'), /4 fields instead of 5/],
  [cronJob('schedule: "TZ=UTC 0 * * * *"'), /Cannot use a time zone within "schedule"/],
  [cronJob('schedule: "@hourly", timeZone: Europe/Berlin'), /no daylight saving time/],
])('refuses %s', async (text, complaint) => {
  const { problems } = await readManifests([{ path: 'a.yaml', text }])
  expect(problems.map((problem) => problem.message).join('\n')).toMatch(complaint)
})

test('reads all five kinds, and tells what has no effect', async () => {
  const text = [
    statefulSet(', updateStrategy: { rollingUpdate: { maxUnavailable: 2 } }'),
    daemonSet(''),
    job(', parallelism: 3, backoffLimitPerIndex: 1, completions: 3, completionMode: Indexed'),
    cronJob('schedule: "*/5 * * * 1-5", timeZone: Etc/UTC'),
    `{ apiVersion: v1, kind: ReplicationController, metadata: { name: a }, spec: { template: { metadata: { labels: { a: b } }, spec: ${POD} } } }`,
  ].join('\n---\n')
  const { objects, problems, warnings } = await readManifests([{ path: 'a.yaml', text }])
  expect(problems).toEqual([])
  expect(objects.map(({ object }) => object.kind)).toEqual(['StatefulSet', 'DaemonSet', 'Job', 'CronJob', 'ReplicationController'])
  expect(warnings.filter(({ kind }) => kind === 'unmodelled-field').map(({ message }) => message)).toEqual([
    'StatefulSet spec.updateStrategy.rollingUpdate.maxUnavailable has no effect in the model',
    'Job spec.backoffLimitPerIndex has no effect in the model',
  ])
})
