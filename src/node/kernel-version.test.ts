import { describe, expect, test } from 'vitest'
import { isKernelSince, parseKernelVersion } from './kernel-version.ts'

describe('parseKernelVersion', () => {
  test.each([
    ['5.4', { major: 5, minor: 4, patch: 0 }],
    ['4.19.112', { major: 4, minor: 19, patch: 112 }],
    [' 6.1 ', { major: 6, minor: 1, patch: 0 }],
  ])('reads %s', (text, version) => {
    expect(parseKernelVersion(text)).toEqual(version)
  })

  test.each(['5', '5.', '.4', '5.4.', '5.4.0-91-generic', 'v5.4', '5,4', '5.4.0.1', '-5.4', ''])('does not read "%s"', (text) => {
    expect(parseKernelVersion(text)).toBeNull()
  })
})

test.each([
  ['5.6', true],
  ['5.5', false],
  ['5.5.19', false],
  ['5.10', true],
  ['4.19', false],
  ['6.0', true],
])('%s is since 5.6: %s', (text, expected) => {
  expect(isKernelSince(parseKernelVersion(text)!, 5, 6)).toBe(expected)
})
