import { describe, expect, test } from 'vitest'
import { HELD, RequestTable, WAITING } from './request-table.ts'

/** Every column, by name. */
function columns(table: RequestTable): [string, Uint8Array | Int32Array | Float64Array][] {
  return Object.entries(table).filter((entry): entry is [string, Uint8Array | Int32Array | Float64Array] => ArrayBuffer.isView(entry[1]))
}

describe('RequestTable', () => {
  test('every column grows, and keeps what it held', () => {
    const table = new RequestTable()
    const before = table.capacity
    const places = Array.from({ length: before }, () => table.take())
    expect(columns(table).length).toBeGreaterThan(6)
    for (const [name, column] of columns(table)) if (name !== 'flags') for (const place of places) column[place] = place % 100
    table.take()
    expect(table.capacity).toBe(2 * before)
    for (const [name, column] of columns(table)) {
      expect(column.length, name).toBe(table.capacity)
      if (name !== 'flags') expect(Array.from(column.subarray(0, before)), name).toEqual(places.map((_, place) => place % 100))
    }
    expect(table.size).toBe(before + 1)
  })

  test('a place is used again under another serial', () => {
    const table = new RequestTable()
    const place = table.take()
    const serial = table.serials[place]!
    table.flags[place]! &= ~WAITING
    table.free(place)
    expect(table.size).toBe(0)
    expect(table.take()).toBe(place)
    expect(table.serials[place]).not.toBe(serial)
  })

  test('a place that somebody refers to, or nobody has, cannot be freed', () => {
    const table = new RequestTable()
    const place = table.take()
    expect(() => table.free(place)).toThrow('cannot be freed')
    table.flags[place]! = (table.flags[place]! & ~WAITING) | HELD
    expect(() => table.free(place)).toThrow('cannot be freed')
    table.flags[place]! &= ~HELD
    table.free(place)
    expect(() => table.free(place)).toThrow('cannot be freed')
  })
})
