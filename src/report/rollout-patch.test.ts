import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readManifests } from '../api/manifest.ts'
import type { TemplatedObject } from '../scenario/rollout/find-rollout.ts'
import { rolloutPatch } from './rollout-patch.ts'

async function deployment(lifecycle: string): Promise<TemplatedObject> {
  const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  selector: { matchLabels: { app: web } }
  template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: server, image: 'web:v1' ${lifecycle} }] } }
`
  const { objects } = await readManifests([{ path: 'web.yaml', text }])
  return objects[0]!.object as unknown as TemplatedObject
}

const present = { preStopSeconds: 0, minReadySeconds: 0, terminationGracePeriodSeconds: 30 }

describe('the patch', () => {
  test('says how it is applied, and only what differs', async () => {
    const text = rolloutPatch(await deployment(''), present, { ...present, preStopSeconds: 5 }, 36)
    expect(text.split('\n')[0]).toBe('# kubectl patch deployment web -n shop --type strategic --patch-file patch.yaml')
    const containers = [{ name: 'server', lifecycle: { preStop: { sleep: { seconds: 5 } } } }]
    expect(parse(text)).toEqual({ spec: { template: { spec: { containers } } } })
  })

  test('has the grace period and minReadySeconds where they change', async () => {
    const wanted = { preStopSeconds: 40, minReadySeconds: 3, terminationGracePeriodSeconds: 42 }
    expect(parse(rolloutPatch(await deployment(''), present, wanted, 36))).toMatchObject({
      spec: { minReadySeconds: 3, template: { spec: { terminationGracePeriodSeconds: 42 } } },
    })
  })

  test('runs the program sleep before Kubernetes 1.30', async () => {
    const text = rolloutPatch(await deployment(''), present, { ...present, preStopSeconds: 5 }, 29)
    expect(parse(text).spec.template.spec.containers[0].lifecycle.preStop).toEqual({ exec: { command: ['sleep', '5'] } })
  })

  test('takes away the action of a hook that is there', async () => {
    const object = await deployment(", lifecycle: { preStop: { exec: { command: [sleep, '1'] } } }")
    const text = rolloutPatch(object, { ...present, preStopSeconds: 1 }, { ...present, preStopSeconds: 5 }, 36)
    expect(parse(text).spec.template.spec.containers[0].lifecycle.preStop).toEqual({ sleep: { seconds: 5 }, exec: null })
  })
})
