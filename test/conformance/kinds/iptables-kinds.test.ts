import { describe, expect, test } from 'vitest'
import { sharedFile } from '../shared-cases.ts'
import { check as checkGolden } from './iptables-golden.ts'
import { comparableLines, firstDifference } from './iptables-text.ts'
import type { Check } from './outcome.ts'
import { check as checkCounts } from './rule-counts.ts'
import { check as checkTopology } from './topology-endpoints.ts'

/** Answers that are compared: a partial sync gives two, the text and what the kernel holds after it. */
const FILES: readonly (readonly [string, Check, number])[] = [
  ['iptables-golden.json', checkGolden, 20],
  ['iptables-rule-counts.json', checkCounts, 102],
  ['topology-endpoints.json', checkTopology, 22],
]

describe('iptables mode gives what kube-proxy gives', () => {
  for (const [file, check, passed] of FILES) {
    const { absent, note, content } = sharedFile(file)
    test.skipIf(absent)(`${file} ${note}`, () => {
      const outcome = check(content)
      expect(outcome.failed.slice(0, 3)).toEqual([])
      expect(outcome.passed).toBe(passed)
    })
  }

  const golden = sharedFile('iptables-golden.json')
  test.skipIf(golden.absent)(`each text alone, without the step before it ${golden.note}`, () => {
    const { cases } = golden.content as { cases: unknown[] }
    expect(cases.flatMap((row) => checkGolden({ cases: [row] }).failed)).toEqual([])
  })

  test.skipIf(golden.absent)(`a text with any line taken out is not the same ${golden.note}`, () => {
    const { cases } = golden.content as { cases: { expected: string[] }[] }
    for (const row of cases) {
      for (const line of row.expected) {
        const without = { ...row, expected: row.expected.filter((other) => other !== line) }
        expect(checkGolden({ cases: [without] }).failed, line).not.toEqual([])
      }
    }
  })
})

describe('texts for iptables-restore', () => {
  const LAST = '-A KUBE-SERVICES -m comment --comment "nodeports; NOTE: this must be the last rule in this chain" -j KUBE-NODEPORTS'
  const text = [
    '*nat',
    ':B - [0:0]',
    ':A - [0:0]',
    '-A KUBE-SERVICES -d 1',
    '-A B -j X',
    '-A KUBE-SERVICES -d 2',
    '-A B -j Y',
    LAST,
    'COMMIT',
  ]
  const changed = (change: (lines: string[]) => void) => {
    const lines = [...text]
    change(lines)
    return firstDifference(comparableLines(lines), comparableLines(text))
  }

  test('are the same in another order of chains and of Services', () => {
    expect(
      changed((lines) => lines.splice(1, 5, ':A - [0:0]', ':B - [0:0]', '-A KUBE-SERVICES -d 2', '-A KUBE-SERVICES -d 1', '-A B -j X')),
    ).toBeNull()
  })

  test.each([
    ['rules of one chain change places', (lines: string[]) => void lines.splice(4, 3, '-A B -j Y', '-A KUBE-SERVICES -d 2', '-A B -j X')],
    ['the last rule is not the last', (lines: string[]) => void lines.splice(3, 5, LAST, ...lines.slice(3, 7))],
    ['a rule is there twice', (lines: string[]) => void lines.splice(4, 0, '-A B -j X')],
    ['a line is missing', (lines: string[]) => void lines.splice(2, 1)],
    ['the table is another', (lines: string[]) => void lines.splice(0, 1, '*filter')],
    ['the end is missing', (lines: string[]) => void lines.pop()],
  ])('differ when %s', (_what, change) => {
    expect(changed(change)).toMatch(/^line \d+: expected/)
  })
})
