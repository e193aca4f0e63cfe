/** A warm-up that is over before kube-proxy has written its rules. */
import { describe, expect, test } from 'vitest'
import type { LateFirstSyncs } from '../../src/metrics/summaries.ts'
import { LANGUAGES } from '../../src/report/language/index.ts'
import { memoryFiles } from '../../src/scenario/load-files.ts'
import { loadScenario } from '../../src/scenario/load-scenario.ts'
import { simulate } from '../../src/scenario/simulate.ts'

const plain = (text: string): string => text

/** What is said of a run that measures from `warmUp` on; undefined: nothing. */
async function lateFirstSyncs(warmUp: string, duration = '90s'): Promise<LateFirstSyncs | undefined> {
  const loaded = await loadScenario(
    's.yaml',
    memoryFiles({
      's.yaml': `apiVersion: towtank/v1
kind: Scenario
metadata: { name: late }
spec:
  duration: ${duration}
  warmUp: ${warmUp}
  cluster: { nodes: [{ count: 2 }], kubeProxy: { mode: nftables }, otherServices: { count: 5000, endpoints: 3 } }
`,
    }),
  )
  if (!loaded.ok) return expect.fail(loaded.problems.map(({ message }) => message).join('\n'))
  return simulate(loaded.variants[0]!.scenario, { variant: 'v' }).summary.kubeProxy.lateFirstSyncs
}

describe('kube-proxy in its first sync when measuring begins', () => {
  test('is told of, with a warm-up that is long enough: with that nothing is said', async () => {
    const late = await lateFirstSyncs('2s')
    expect(late).toMatchObject({ nodes: 2 })
    const sentence = LANGUAGES.en.summary.lateFirstSync(late!, plain)
    const [, warmUp] = /^kube-proxy on 2 nodes was still in its first sync .* at [\d.]+ s: give a spec\.warmUp of (\d+s) or more$/.exec(
      sentence,
    )!
    expect(await lateFirstSyncs(warmUp!)).toBeUndefined()
    expect(await lateFirstSyncs(`${Number.parseInt(warmUp!, 10) - 1}s`)).toEqual(late)
  })

  test('that does not end is told of, too', async () => {
    const late = await lateFirstSyncs('2s', '10s')
    expect(late).toEqual({ nodes: 2, doneSeconds: null })
    expect(LANGUAGES.zh.summary.lateFirstSync(late!, plain)).toContain('2 个节点')
  })

  test('and nothing is said where all is measured, from the first moment on', async () => {
    expect(await lateFirstSyncs('0s')).toBeUndefined()
  })
})
