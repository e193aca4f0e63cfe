import { describe, expect, test } from 'vitest'
import { sharedFile } from '../shared-cases.ts'
import { check } from './nftables-golden.ts'
import type { Case } from './outcome.ts'

const { absent, note, content } = sharedFile('nftables-golden.json')
const cases: readonly Case[] = absent ? [] : (content as { cases: Case[] }).cases

/** The outcome for the first case that has such a line, with that line changed. */
function changed(pattern: RegExp, change: (line: string) => string[]) {
  const found = cases.find(({ expected }) => expected.some((line: string) => pattern.test(line)))
  const expected = found.expected.flatMap((line: string) => (pattern.test(line) ? change(line) : [line]))
  return check({ cases: [{ ...found, expected }] })
}

describe.skipIf(absent)(`tables that kube-proxy v1.36.2 was seen to write ${note}`, () => {
  test('all are the same, chain names included', () => {
    const outcome = check(content)
    expect(outcome.failed).toEqual([])
    expect(outcome.passed).toBe(cases.length)
    expect(outcome.notApplicable).toEqual([])
  })

  test.each([
    ['a rule that is not expected', /numgen random mod 2 map/, () => []],
    ['another rule', /numgen random mod 2 map/, (line: string) => [line.replace('mod 2', 'mod 3')]],
    ['an element that is not expected', /add element ip kube-proxy service-ips/, () => []],
    ['an element that lacks', /add element ip kube-proxy service-ips/, (line: string) => [line, line.replace('. 80', '. 81')]],
    ['another hash', /add chain ip kube-proxy external-/, (line: string) => [line.replace('external-', 'external-A')]],
    ['a chain that lacks its rules', /goto service-\S+$/, () => []],
  ])('%s is noticed', (_what, pattern, change) => {
    expect(changed(pattern, change).failed).toHaveLength(1)
  })

  test('an emptied chain must have a name that kube-proxy gives', () => {
    const rename = (line: string) => [line.replace('MHHHYRWA', 'MHHHYRWB')]
    expect(changed(/^add chain ip kube-proxy service-MHHHYRWA-/, rename).failed[0]?.message).toContain('is no name')
  })

  test('the order of rules counts, that of other lines does not', () => {
    expect(check({ cases: [{ ...cases[0], expected: [...cases[0].expected].reverse() }] }).failed).toHaveLength(1)
    const elements = cases[0].expected.filter((line: string) => line.startsWith('add element'))
    const others = cases[0].expected.filter((line: string) => !line.startsWith('add element'))
    expect(check({ cases: [{ ...cases[0], expected: [...elements.reverse(), ...others] }] }).failed).toEqual([])
  })
})
