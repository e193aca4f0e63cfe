import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { importCluster } from '../../src/import/import-cluster.ts'

/** Whatever becomes of a dump on its way, an import gives a scenario or says what is wrong, and never throws. */
const HERE = import.meta.dirname
const texts = [
  ...['dumps/node.iptables-nft', 'dumps/node.ipvs', 'dumps/node.nft.json'],
  ...readdirSync(join(HERE, 'cluster')).map((name) => `cluster/${name}`),
].map((name) => readFileSync(join(HERE, name), 'utf8'))

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.integer({ min: 0, max: 60 }),
  put: fc.oneof(
    fc.constantFrom(
      '',
      '\0',
      '"',
      '{',
      '[',
      '\n',
      ' - ',
      ': ',
      '-A ',
      'COMMIT',
      'null',
      '&a',
      '*a',
      '-1',
      '999999999999',
      '../..',
      '__proto__',
      '\u2028',
      '\ud800',
    ),
    fc.string({ maxLength: 8 }),
  ),
})

async function outcome(files: readonly string[]): Promise<'ok' | 'problems'> {
  const result = await importCluster(
    files.map((text, index) => ({ path: `file-${index}`, text })),
    'x',
  )
  if (result.ok) return 'ok'
  expect(result.problems.length).toBeGreaterThan(0)
  for (const { line, column, message } of result.problems) expect([line >= 1, column >= 1, message !== '']).toEqual([true, true, true])
  return 'problems'
}

describe('changed dumps', () => {
  test.each(texts.map((text, index) => [index, text] as const))(
    'of file %i',
    async (_index, text) => {
      const outcomes = new Set<string>()
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
          let changed = text
          for (const { at, length, put } of changes) {
            const start = Math.floor(at * changed.length)
            changed = changed.slice(0, start) + put + changed.slice(start + length)
          }
          outcomes.add(await outcome([changed]))
        }),
        { numRuns: 25, seed: 7 },
      )
      expect(outcomes.size).toBeGreaterThan(0)
    },
    60_000,
  )

  test('values of other types than the API has', async () => {
    const kinds = ['Node', 'Service', 'EndpointSlice', 'Deployment', 'Pod', 'Ingress', 'ConfigMap', 'DaemonSet', 'StatefulSet']
    const versions: Readonly<Record<string, string>> = {
      Deployment: 'apps/v1',
      DaemonSet: 'apps/v1',
      StatefulSet: 'apps/v1',
      Ingress: 'networking.k8s.io/v1',
      EndpointSlice: 'discovery.k8s.io/v1',
    }
    const keys = [
      'spec',
      'status',
      'template',
      'containers',
      'ports',
      'selector',
      'labels',
      'data',
      'nodeSelector',
      'affinity',
      'taints',
      'endpoints',
      'rules',
    ]
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(null, '', 'x', 0, -1, 1.5, true),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.constantFrom(...keys), tie('value'), { maxKeys: 4 }),
      ),
    }))
    const object = fc.record({
      kind: fc.constantFrom(...kinds),
      name: fc.constantFrom('a', 'B_', '-', 'kube-proxy'),
      spec: value,
      status: value,
      labels: value,
      data: value,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 4 }), async (objects) => {
        const items = objects.map(({ kind, name, labels, ...rest }) => ({
          ...{
            apiVersion: versions[kind] ?? 'v1',
            kind,
            metadata: { name, namespace: kind === 'Node' ? undefined : 'kube-system', labels },
          },
          ...rest,
        }))
        await outcome([JSON.stringify({ apiVersion: 'v1', kind: 'List', items })])
      }),
      { numRuns: 60, seed: 7 },
    )
  }, 60_000)
})

/** A larger set of manifests, where it is at hand: an import of what was applied keeps every Deployment and Service. */
const BOUTIQUE = join(HERE, '../../../shared/manifests/online-boutique.yaml')
test.skipIf(!existsSync(BOUTIQUE))('the online boutique comes through whole', async () => {
  const text = readFileSync(BOUTIQUE, 'utf8')
  const result = await importCluster([{ path: 'online-boutique.yaml', text }], 'boutique')
  if (!result.ok) throw new Error(JSON.stringify(result.problems))
  for (const kind of ['Deployment', 'Service']) {
    const count = (where: string) => where.match(new RegExp(`^kind: ${kind}$`, 'gm'))!.length
    expect(count(result.manifests)).toBe(count(text))
  }
  expect(result.scenario).toContain('to: http://frontend-external.default.svc:80')
})
