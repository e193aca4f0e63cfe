import { expect, test } from 'vitest'
import { KUBERNETES_MINORS } from '../kubernetes-version.ts'
import { acceptedDistributions, treatmentOf } from './traffic-distribution.ts'

test('PreferClose is followed from 1.31 on and dropped before', () => {
  const treatments = KUBERNETES_MINORS.map((version) => treatmentOf('PreferClose', version))
  expect(treatments).toEqual(['dropped', 'dropped', 'dropped', ...Array(6).fill('followed')])
})

test.each(['PreferSameZone', 'PreferSameNode'] as const)(
  '%s is dropped up to 1.30, refused up to 1.33 and followed from 1.34 on',
  (value) => {
    const treatments = KUBERNETES_MINORS.map((version) => treatmentOf(value, version))
    expect(treatments).toEqual([...Array(3).fill('dropped'), ...Array(3).fill('refused'), ...Array(3).fill('followed')])
  },
)

test('a version accepts the values that it follows', () => {
  expect(acceptedDistributions(30)).toEqual([])
  expect(acceptedDistributions(33)).toEqual(['PreferClose'])
  expect(acceptedDistributions(36)).toEqual(['PreferClose', 'PreferSameZone', 'PreferSameNode'])
})
