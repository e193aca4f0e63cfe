import picocolors from 'picocolors'
import stringWidth from 'string-width'
import { expect, test } from 'vitest'
import { LANGUAGES, type LanguageCode } from './language/index.ts'
import type { RolloutAnswer, SettingResult } from './rollout-answer.ts'
import { renderRollout } from './rollout-summary.ts'

const PRESENT: SettingResult = {
  preStopSeconds: 0,
  minReadySeconds: 0,
  terminationGracePeriodSeconds: 30,
  replications: 4,
  finished: 4,
  requests: 98_234,
  rolloutsWithLoss: 4,
  lost: 1483,
  lostByCause: { refused: { lost: 147, perRollout: { mean: 36.8, low: 14, high: 59.5 } } },
  background: 3,
  ownRequests: 1,
  p99Ms: { shoppers: 62.6 },
  rolledOutSeconds: 16.7,
  oldPodsGoneSeconds: null,
  stalenessMs: { count: 9, p50: 940, p99: 1090, max: 1091 },
}
const PATCHED: SettingResult = {
  ...PRESENT,
  preStopSeconds: 31,
  terminationGracePeriodSeconds: 61,
  lost: 0,
  lostByCause: {},
  rolloutsWithLoss: 0,
}

const ANSWER: RolloutAnswer = {
  schemaVersion: 1,
  tool: { name: 'towtank', version: '0.1.0' },
  command: 'rollout',
  scenario: 'shop',
  variant: 'ipvs',
  seed: '42',
  inputHash: `sha256:${'ab'.repeat(32)}`,
  rollout: { object: 'deployment/shop/frontend', atSeconds: 60, commands: [] },
  verdict: 'patch-found',
  replications: 4,
  limitSeconds: 60,
  asItIs: PRESENT,
  withPatch: PATCHED,
  best: null,
  minReadySecondsMatters: false,
  withoutReadinessProbe: ['server', 'sidecar'],
  claim: { rolloutsThatLoseBelow: 0.5271, lossRateBelow: 0.00003 },
  patch: 'spec: {}\n',
  tried: [PRESENT, PATCHED],
}

const render = (answer: RolloutAnswer, language: LanguageCode) =>
  renderRollout(answer, LANGUAGES[language].rollout, { colors: picocolors.createColors(false), width: 80, folder: 'out' })

test.each(['en', 'zh'] as const)('the answer of a rollout in %s', (language) => {
  expect(render(ANSWER, language)).toMatchSnapshot()
  const { verdict, withPatch, claim, patch } = { verdict: 'none-found', withPatch: null, claim: null, patch: null } as const
  const lost = { ...PATCHED, lost: 8 }
  const tried = [PRESENT, { ...PATCHED, finished: 3 }]
  expect(render({ ...ANSWER, verdict, withPatch, claim, patch, best: lost, tried }, language)).toMatchSnapshot()
  expect(render({ ...ANSWER, verdict: 'loses-none', asItIs: PATCHED, withPatch, patch }, language)).toMatchSnapshot()
})

test('in Chinese the columns stand under each other', () => {
  const rows = render(ANSWER, 'zh')
    .split('\n')
    .filter((line) => / {3,}\S+( \S+)?$/.test(line))
  expect(rows.length).toBeGreaterThan(6)
  expect([...new Set(rows.map((line) => stringWidth(line)))]).toHaveLength(1)
})
