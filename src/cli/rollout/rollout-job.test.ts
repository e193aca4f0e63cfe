import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import type { RolloutAnswer } from '../../report/rollout-answer.ts'
import { memoryFiles } from '../../scenario/load-files.ts'
import { SECOND } from '../../units.ts'
import { diskFiles } from '../disk-files.ts'
import { EXIT } from '../exit-codes.ts'
import type { JobEvent, RolloutJob } from '../jobs.ts'
import { metersHere } from './meters.ts'
import { rolloutJob } from './rollout-job.ts'

/**
 * A Deployment of three behind a Service. A node goes on sending to a pod until its kube-proxy has synced; the kubelet takes some of that time
 * to get to SIGTERM, and a request has to fall into what is left: the smallest sleep is the longest delay, less that, in whole seconds.
 */
const manifest = (more: { deployment?: string; container?: string; pod?: string } = {}) => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 3
  ${more.deployment ?? ''}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      ${more.pod ?? ''}
      containers:
        - name: server
          image: 'web:v1'
          ports: [{ containerPort: 8080 }]
          readinessProbe: { httpGet: { port: 8080 }, periodSeconds: 1 }
          ${more.container ?? ''}
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { type: LoadBalancer, selector: { app: web }, ports: [{ port: 80, targetPort: 8080 }] }
`

const ROLLOUT = '{ at: 30s, kubectl: "set image deployment/web server=web:v2" }'

function scenario(options: { timeline?: string; duration?: string; onTerminate?: string; traffic?: string } = {}): string {
  return `apiVersion: towtank/v1
kind: Scenario
metadata: { name: small }
spec:
  duration: ${options.duration ?? '55s'}
  warmUp: 20s
  cluster: { nodes: [{ count: 3 }], kubeProxy: { mode: iptables } }
  manifests: [web.yaml]
  workloads: [{ selector: app=web, serviceTime: 5ms, startUp: 1s, onTerminate: ${options.onTerminate ?? 'exit'} }]
  traffic: [${options.traffic ?? '{ name: users, to: "http://web.default.svc", arrivals: poisson(200/s), timeout: 2s }'}]
  timeline: [${options.timeline ?? ROLLOUT}]
`
}

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'towtank-rollout-'))
})
afterEach(() => rmSync(root, { recursive: true }))

async function rollout(files: { scenario?: string; manifest?: string } = {}, changes: Partial<RolloutJob> = {}, workers = 1) {
  const events: JobEvent[] = []
  const job: RolloutJob = {
    kind: 'rollout',
    file: 'small.yaml',
    object: null,
    restart: null,
    at: 60 * SECOND,
    variant: null,
    seed: null,
    replications: 3,
    limitSeconds: 8,
    workers,
    queue: null,
    out: join(root, 'out'),
    version: '1.2.3',
    ...changes,
  }
  const code = await rolloutJob(job, {
    files:
      job.file !== 'small.yaml'
        ? diskFiles
        : memoryFiles({ 'small.yaml': files.scenario ?? scenario(), 'web.yaml': files.manifest ?? manifest() }),
    tell: (event) => events.push(event),
    // Several at once, as threads do it, in this one.
    meters: (wanted) => ({ ...metersHere(wanted.scenario, wanted.rollout), workers }),
  })
  const told = events.find((event) => event.kind === 'rollout')
  const refusals = events.filter((event) => event.kind === 'refused').map((event) => event.reason)
  const written = Object.fromEntries(
    existsSync(join(root, 'out'))
      ? readdirSync(join(root, 'out')).map((name) => [name, readFileSync(join(root, 'out', name), 'utf8')])
      : [],
  )
  return { code, answer: told?.answer as RolloutAnswer, refusals, written }
}

describe('a rolling update that loses requests', () => {
  test.each(['exit', 'drain'])('is mended by a sleep of about the propagation delay (%s)', async (onTerminate) => {
    const { code, answer, written } = await rollout({ scenario: scenario({ onTerminate }) })
    expect(code).toBe(EXIT.passed)
    expect(answer.verdict).toBe('patch-found')
    expect(answer.asItIs.rolloutsWithLoss).toBe(3)
    expect(answer.withPatch).toMatchObject({ minReadySeconds: 0, lost: 0, replications: 3, finished: 3 })
    const found = answer.withPatch!.preStopSeconds
    const delay = answer.asItIs.stalenessMs.max!
    expect(found * 1000).toBeGreaterThan(delay - 250)
    expect((found - 1) * 1000).toBeLessThan(delay)
    expect(answer.tried.find((one) => one.preStopSeconds === found - 1)?.lost).toBeGreaterThan(0)
    expect(answer.tried.find((one) => one.preStopSeconds === found + 1)).toMatchObject({ lost: 0, replications: 3 })
    expect(answer.minReadySecondsMatters).toBe(false)
    expect(parse(written['patch.yaml']!)).toEqual({
      spec: { template: { spec: { containers: [{ name: 'server', lifecycle: { preStop: { sleep: { seconds: found } } } }] } } },
    })
    expect(JSON.parse(written['summary.json']!)).toEqual(answer)
  })

  test('needs two seconds where kube-proxy waits for one from sync to sync', async () => {
    // Mode iptables has a minSyncPeriod of 1 s: with the way to the nodes the delay is a little more, and one second of sleep is not enough.
    const file = 'scenarios/concepts/rolling-update.yaml'
    const { answer } = await rollout({}, { file })
    expect(answer.asItIs.stalenessMs.max).toBeGreaterThan(1000)
    expect(answer.asItIs.stalenessMs.max).toBeLessThan(1200)
    expect(answer.withPatch).toMatchObject({ preStopSeconds: 2, lost: 0 })
    expect(answer.tried.find((one) => one.preStopSeconds === 1)?.lost).toBeGreaterThan(0)
  })

  test('loses none once its manifest has the sleep', async () => {
    const patched = await rollout({ manifest: manifest({ container: 'lifecycle: { preStop: { sleep: { seconds: 2 } } }' }) })
    expect(patched.answer).toMatchObject({ verdict: 'loses-none', withPatch: null, patch: null, asItIs: { lost: 0 } })
    expect(Object.keys(patched.written).toSorted()).toEqual(['rollout.csv', 'summary.json'])
  })

  test('needs a longer grace period when the sleep and the draining exceed it', async () => {
    // The sleep, and as long as a client waits for what is drained: 2 s.
    const { answer } = await rollout({
      scenario: scenario({ onTerminate: 'drain' }),
      manifest: manifest({ pod: 'terminationGracePeriodSeconds: 2' }),
    })
    const grace = answer.withPatch!.preStopSeconds + 2
    expect(answer.withPatch?.terminationGracePeriodSeconds).toBe(grace)
    expect(answer.patch).toContain(`terminationGracePeriodSeconds: ${grace}`)
  })

  test('gives the same bytes again, however many work at once, and others with another seed', async () => {
    const first = await rollout()
    const again = await rollout({}, {}, 2)
    expect(again.written).toEqual(first.written)
    expect((await rollout({}, { seed: 'other' })).written['rollout.csv']).not.toBe(first.written['rollout.csv'])
  })
})

test('requests that fail without the rollout too are not among those that it loses', async () => {
  // Nothing listens behind the second Service, with the rollout and without.
  const more = `${manifest()}---
apiVersion: v1
kind: Service
metadata: { name: nobody }
spec: { type: LoadBalancer, selector: { app: nobody }, ports: [{ port: 80 }] }
`
  const traffic = [
    '{ name: users, to: "http://web.default.svc", arrivals: poisson(200/s), timeout: 2s }',
    '{ name: lost, to: "http://nobody.default.svc", arrivals: constant(20/s), timeout: 2s }',
  ]
  const { answer } = await rollout({ scenario: scenario({ traffic: traffic.join(', ') }), manifest: more })
  expect(answer.asItIs.background).toBeGreaterThan(300)
  expect(answer.withPatch).toMatchObject({ lost: 0, finished: 3 })
})

describe('a rolling update that no sleep can mend', () => {
  test('is told with what it still loses, and exits with 99', async () => {
    // All pods go before the first new one comes: there is no endpoint for seconds, whatever the old ones wait for.
    const { code, answer, written } = await rollout({ manifest: manifest({ deployment: 'strategy: { type: Recreate }' }) })
    expect(code).toBe(EXIT.thresholdFailed)
    expect(answer).toMatchObject({ verdict: 'none-found', withPatch: null, patch: null, claim: null })
    expect(answer.best?.replications).toBe(3)
    expect(answer.best?.lostByCause['no-endpoints']?.lost).toBeGreaterThan(0)
    expect(Object.keys(written)).not.toContain('patch.yaml')
  })

  test('names the container whose pods get requests before they listen', async () => {
    const { answer } = await rollout({ manifest: manifest().replace(/readinessProbe.*/, '') }, { limitSeconds: 3 })
    expect(answer.verdict).toBe('none-found')
    expect(answer.withoutReadinessProbe).toEqual(['server'])
  })
})

describe('which rolling update', () => {
  const two = `${ROLLOUT}, { at: 35s, kubectl: "rollout restart deployment/api" }`
  const both = `${manifest()}---\n${manifest().replaceAll('web', 'api')}`

  test('a timeline without one is refused, with how to add one', async () => {
    const { code, refusals, written } = await rollout({ scenario: scenario({ timeline: '' }) })
    expect(code).toBe(EXIT.wrongInput)
    expect(refusals).toEqual([expect.stringContaining('--restart deployment/NAME --at 60s')])
    expect(written).toEqual({})
  })

  test('an object can be restarted instead', async () => {
    const { answer } = await rollout({ scenario: scenario({ timeline: '' }) }, { restart: 'deploy/web', at: 31 * SECOND })
    expect(answer.rollout).toEqual({
      object: 'deployment/default/web',
      atSeconds: 31,
      commands: ['kubectl rollout restart deployment/web -n default'],
    })
    expect(answer.verdict).toBe('patch-found')
  })

  test('of several the one that is meant has to be said', async () => {
    const files = { scenario: scenario({ timeline: two }), manifest: both }
    expect((await rollout(files)).refusals).toEqual([
      'The timeline has several rolling updates: expected --object with one of deployment/default/web, deployment/default/api',
    ])
    expect((await rollout(files, { object: 'deployment/nobody' })).refusals).toEqual([
      'The timeline rolls out no "deployment/nobody": expected one of deployment/default/web, deployment/default/api',
    ])
    expect((await rollout(files, { object: 'deploy/web' })).answer.rollout.object).toBe('deployment/default/web')
  })

  test.each([
    ['StatefulSet', 'replicas: 3'],
    ['DaemonSet', ''],
  ])('a %s is mended too', async (kind, replicas) => {
    const files = {
      scenario: scenario({ timeline: '', duration: '90s' }),
      manifest: manifest().replace('kind: Deployment', `kind: ${kind}`).replace('replicas: 3', replicas),
    }
    const { answer } = await rollout(files, { restart: `${kind}/web`, at: 30 * SECOND, replications: 2 })
    expect(answer.asItIs.lost).toBeGreaterThan(0)
    expect(answer.verdict).toBe('patch-found')
    // One pod after the other, each only after the one before is gone: a sleep makes the whole rollout longer.
    expect(answer.withPatch!.rolledOutSeconds!).toBeGreaterThan(answer.asItIs.rolledOutSeconds! + answer.withPatch!.preStopSeconds)
  })

  test.each([
    ['deployment/nobody', 'The manifests have no "deployment/nobody": expected one of deployment/default/web'],
    ['web', 'Cannot restart "web": expected KIND/NAME or KIND/NAMESPACE/NAME, of deployment/default/web'],
  ])('restarting %s is refused', async (restart, reason) => {
    expect((await rollout({}, { restart })).refusals).toEqual([reason])
  })

  test('a command that replaces no pod is refused', async () => {
    const { refusals } = await rollout({ scenario: scenario({ timeline: ROLLOUT.replace('v2', 'v1'), duration: '40s' }) })
    expect(refusals).toEqual([expect.stringContaining('replaces no pod before the run ends at 40 s')])
  })

  test('one that the run is too short for is refused', async () => {
    const { refusals } = await rollout({ scenario: scenario({ duration: '36s' }) })
    expect(refusals).toEqual([expect.stringContaining('is not over when the run ends at 36 s, in 3 of 3 runs')])
  })
})
