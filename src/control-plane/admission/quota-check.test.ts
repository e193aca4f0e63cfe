import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Pod, ResourceQuota } from '../../api/objects/index.ts'
import { emptyMeta } from '../empty-meta.ts'
import { checkQuotas, usedOf } from './quota-check.ts'

const MEBI = 1024 * 1024

function podOf(cpuMilli: number, mebi: number): Pod {
  const resources = { cpuMilli, memoryBytes: mebi * MEBI }
  const container = { name: 'c', image: 'i', imagePullPolicy: 'Always', ports: [], requests: resources, limits: resources } as const
  const probes = { readinessProbe: null, livenessProbe: null, startupProbe: null, preStopSleepSeconds: 0 }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: emptyMeta('p', 'shop'),
    spec: {
      nodeName: '',
      serviceAccountName: 'default',
      initContainers: [],
      containers: [{ ...container, ...probes }],
      nodeSelector: {},
      requiredNodeAffinity: [],
      tolerations: [],
      terminationGracePeriodSeconds: 30,
      restartPolicy: 'Always',
      priority: 0,
      hostNetwork: false,
    },
    status: { phase: 'Pending', podIP: '', hostIP: '', startTime: null, conditions: [], containerStatuses: [] },
  }
}

const quotaOf = (hard: Record<string, string>, used: Record<string, string>): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: emptyMeta('q', 'shop'),
  spec: { hard, scopes: [] },
  status: { hard, used },
})

/** Against plain sums of thousandths and mebibytes: a pod is let in just when each of the three sums stays within its bound. */
test('a pod is let in just when it fits, and what is used is the sum of those that were', () => {
  const amounts = fc.record({ cpu: fc.integer({ min: 1, max: 900 }), memory: fc.integer({ min: 1, max: 900 }) })
  fc.assert(
    fc.property(
      fc.array(amounts, { maxLength: 12 }),
      fc.record({
        pods: fc.integer({ min: 0, max: 8 }),
        cpu: fc.integer({ min: 0, max: 3000 }),
        memory: fc.integer({ min: 0, max: 3000 }),
      }),
      (pods, bound) => {
        const hard = { pods: `${bound.pods}`, 'requests.cpu': `${bound.cpu}m`, 'limits.memory': `${bound.memory}Mi` }
        let quota = quotaOf(hard, { pods: '0', 'requests.cpu': '0', 'limits.memory': '0' })
        const sum = { pods: 0, cpu: 0, memory: 0 }
        const stored: Pod[] = []
        for (const { cpu, memory } of pods) {
          const fits = sum.pods + 1 <= bound.pods && sum.cpu + cpu <= bound.cpu && sum.memory + memory <= bound.memory
          const pod = podOf(cpu, memory)
          const check = checkQuotas([quota], pod)
          expect(check.ok).toBe(fits)
          if (!check.ok) continue
          sum.pods++
          sum.cpu += cpu
          sum.memory += memory
          stored.push(pod)
          quota = check.quotas[0]!
        }
        expect(quota.status.used).toEqual(usedOf(quota, stored))
        expect(usedOf(quota, stored).pods).toBe(String(sum.pods))
      },
    ),
  )
})

/** Text of apiserver/pkg/admission/plugin/resourcequota/controller.go, with only those amounts that are exceeded, in the order of names. */
test('a refusal names what is exceeded', () => {
  const quota = quotaOf({ pods: '5', cpu: '1', memory: '1Gi' }, { pods: '5', cpu: '800m', memory: '512Mi' })
  expect(checkQuotas([quota], podOf(300, 256))).toEqual({
    ok: false,
    message: 'pods "p" is forbidden: exceeded quota: q, requested: cpu=300m,pods=1, used: cpu=800m,pods=5, limited: cpu=1,pods=5',
  })
})

test('a quota that its controller has not seen limits nothing, and one without an account of what is used lets nothing in', () => {
  const fresh = { ...quotaOf({ pods: '0' }, {}), status: { hard: {}, used: {} } }
  expect(checkQuotas([fresh], podOf(1, 1)).ok).toBe(true)
  expect(checkQuotas([quotaOf({ pods: '1' }, {})], podOf(1, 1))).toEqual({
    ok: false,
    message: 'pods "p" is forbidden: status unknown for quota: q, resources: pods',
  })
})

test('a pod that has finished counts as an object and nothing else', () => {
  const done: Pod = { ...podOf(100, 100), status: { ...podOf(1, 1).status, phase: 'Succeeded' } }
  const hard = { pods: '9', 'count/pods': '9', cpu: '9' }
  expect(usedOf(quotaOf(hard, {}), [done, podOf(250, 1)])).toEqual({ pods: '1', 'count/pods': '2', cpu: '250m' })
})
