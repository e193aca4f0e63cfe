import { expect, test } from 'vitest'
import main from './requests.ts'

test('every size and variant gives the same answers twice, and modes differ, or they were not compared', () => {
  const first = main('smoke')
  expect(main('smoke').map((row) => row.checksum)).toEqual(first.map((row) => row.checksum))
  expect(new Set(first.map((row) => row.checksum)).size).toBe(6)
})
