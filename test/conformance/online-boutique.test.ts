import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readManifests } from '../../src/api/manifest.ts'
import type { Deployment } from '../../src/api/objects/index.ts'

/** A real shop of twelve Deployments, as published. It stands beside the project. */
const PATH = fileURLToPath(new URL('../../../shared/manifests/online-boutique.yaml', import.meta.url))
const isThere = existsSync(PATH)
if (!isThere) console.warn(`Skipped: the manifest is missing: ${PATH}`)

describe.skipIf(!isThere)('the manifests of a real shop', () => {
  test('are read whole, without a problem', async () => {
    const { objects, problems } = await readManifests([{ path: 'shop.yaml', text: readFileSync(PATH, 'utf8') }])
    expect(problems).toEqual([])
    const counts = new Map<string, number>()
    for (const { object } of objects) counts.set(object.kind, (counts.get(object.kind) ?? 0) + 1)
    expect(Object.fromEntries(counts)).toEqual({ Deployment: 12, Service: 12, ServiceAccount: 11 })
    const frontend = objects.map(({ object }) => object).find((object): object is Deployment => object.kind === 'Deployment')
    expect(frontend?.spec.template.spec.containers[0]).toMatchObject({
      requests: { cpuMilli: 100, memoryBytes: 64 * 1024 * 1024 },
      readinessProbe: { handler: 'httpGet', port: 8080, initialDelaySeconds: 10, periodSeconds: 10 },
    })
  })

  test('warn of little that matters', async () => {
    const { warnings } = await readManifests([{ path: 'shop.yaml', text: readFileSync(PATH, 'utf8') }])
    expect(warnings.filter((warning) => warning.kind !== 'inert-field').map(({ line, message }) => `${line}: ${message}`)).toEqual([
      '422: Deployment spec.template.spec.volumes has no effect in the model',
      '468: Deployment spec.template.spec.initContainers[].command has no effect in the model',
    ])
    expect(warnings.filter((warning) => warning.kind === 'inert-field').length).toBeLessThan(15)
  })
})
