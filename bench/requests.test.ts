import { describe, expect, test } from 'vitest'
import main from './requests.ts'

describe('bench/requests', () => {
  test('runs every size and variant, and gives the same answers twice', () => {
    const first = main('smoke')
    expect(first).toHaveLength(6)
    for (const row of first) expect(row.perCpuSecond).toBeGreaterThan(0)
    expect(main('smoke').map((row) => row.checksum)).toEqual(first.map((row) => row.checksum))
  })

  test('modes differ, or they were not compared', () => {
    const checksums = new Set(main('smoke').map((row) => row.checksum))
    expect(checksums.size).toBe(6)
  })
})
