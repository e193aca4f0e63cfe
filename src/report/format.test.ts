import { expect, test } from 'vitest'
import { formatChange, formatCount, formatMilliseconds, formatPercent } from './format.ts'

test.each([
  [0, '0 ms'],
  [0.25, '250 µs'],
  [0.0314, '31.4 µs'],
  [8.1312, '8.13 ms'],
  [99.96, '100 ms'],
  [0.9994, '999 µs'],
  [0.9996, '1.00 ms'],
  [999.4, '999 ms'],
  [999.6, '1.00 s'],
  [1211, '1.21 s'],
  [119_400, '119 s'],
  [119_600, '2m 0s'],
  [90_061_000, '1501m 1s'],
])('%d ms is written %s', (value, expected) => {
  expect(formatMilliseconds(value)).toBe(expected)
})

test.each([
  [0.0099949, '0.999 %'],
  [0.0099951, '1.00 %'],
  [0, '0 %'],
  [1, '100 %'],
  [0.000_001, '<0.001 %'],
  [0.000_005, '0.001 %'],
  [0.000_53, '0.053 %'],
  [0.0391, '3.91 %'],
  [0.9999, '99.99 %'],
  [0.999_99, '99.999 %'],
  [0.9991, '99.91 %'],
  [0.999_999_9, '>99.999 %'],
])('the fraction %d is written %s', (value, expected) => {
  expect(formatPercent(value)).toBe(expected)
})

test.each([
  [0, '0'],
  [999, '999'],
  [1000, '1,000'],
  [1_234_567, '1,234,567'],
])('the count %d is written %s', (value, expected) => {
  expect(formatCount(value)).toBe(expected)
})

test.each([
  [100, 112, '+12%'],
  [100, 88, '−12%'],
  [100, 104.6, '+4.6%'],
  [100, 101, null],
  [100, 99.1, null],
  [1, 40, '×40.0'],
  [0, 5, null],
  [null, 5, null],
  [5, null, null],
])('from %s to %s is %s', (from, to, expected) => {
  expect(formatChange(from, to)).toBe(expected)
})
