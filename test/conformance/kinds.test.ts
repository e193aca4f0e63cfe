import { describe, expect, test } from 'vitest'
import { KINDS } from './kinds/index.ts'
import { NUMBER_RULES, TEXT_RULES } from './kinds/names.ts'
import { sharedFile } from './shared-cases.ts'

/**
 * The recorded files that stand beside the project, each with the number of answers that are the same, so that a case cannot quietly
 * stop to apply. (The texts and counts of iptables and nftables mode have tests of their own in kinds/.)
 */
const FILES: readonly { readonly kind: string; readonly files: readonly string[]; readonly passed: number }[] = [
  { kind: 'cronjob-schedules', files: ['cronjob-schedules.json'], passed: 95 },
  { kind: 'deployment-rolling', files: ['deployment-rolling.json'], passed: 260 },
  { kind: 'endpointslice-packing', files: ['endpointslice-packing.json'], passed: 80 },
  { kind: 'hpa-replicas', files: ['hpa-replicas.json'], passed: 120 },
  { kind: 'ingress-path-matching', files: ['ingress-path-matching.json'], passed: 31 },
  { kind: 'ipvs-state', files: ['ipvs-state.json'], passed: 88 },
  { kind: 'job-backoff', files: ['job-backoff.json'], passed: 9 },
  { kind: 'label-selectors', files: ['label-selectors.json'], passed: 292 },
  { kind: 'names', files: ['names-and-labels-validation.json'], passed: 549 },
  { kind: 'packet-flows', files: ['proxy-packet-flows.json', 'proxy-dense-oracle.json'], passed: 905 + 12_425 },
  { kind: 'pod-deletion-ranking', files: ['pod-deletion-ranking.json'], passed: 24 },
  { kind: 'quantities', files: ['quantities.json'], passed: 307 },
  { kind: 'scheduler-scores', files: ['scheduler-scores.json'], passed: 211 },
]

describe('the model answers recorded cases as Kubernetes did', () => {
  for (const { kind, files, passed } of FILES) {
    const shared = files.map(sharedFile)
    test.skipIf(shared.some(({ absent }) => absent))(`${kind} ${shared.map(({ note }) => note).join(' ')}`, () => {
      const outcomes = shared.map(({ content }) => KINDS.get(kind)!(content))
      expect(outcomes.flatMap(({ failed }) => failed).slice(0, 3)).toEqual([])
      expect(outcomes.reduce((sum, outcome) => sum + outcome.passed, 0)).toBe(passed)
    })
  }

  const names = sharedFile('names-and-labels-validation.json')
  test.skipIf(names.absent)(`every rule about names has recorded cases ${names.note}`, () => {
    const categories = new Set((names.content as { cases: { category: string }[] }).cases.map(({ category }) => category))
    expect([...TEXT_RULES.keys(), ...NUMBER_RULES.keys()].filter((rule) => !categories.has(rule))).toEqual([])
  })
})
