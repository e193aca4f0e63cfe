import { describe, expect, test } from 'vitest'
import { ConnectionTable, HELD, NO_REQUEST, OPEN } from './connection-table.ts'

/** Every column, by name. */
function columns(table: ConnectionTable): [string, Uint8Array | Uint16Array | Int32Array | Float64Array][] {
  return Object.entries(table).filter((entry): entry is [string, Uint8Array | Int32Array | Float64Array] => ArrayBuffer.isView(entry[1]))
}

describe('ConnectionTable', () => {
  test('every column grows, and keeps what it held', () => {
    const table = new ConnectionTable()
    const before = table.capacity
    const places = Array.from({ length: before }, () => table.take())
    expect(columns(table).length).toBeGreaterThan(15)
    for (const [name, column] of columns(table)) if (name !== 'flags') for (const place of places) column[place] = place % 100
    table.take()
    expect(table.capacity).toBe(2 * before)
    for (const [name, column] of columns(table)) {
      expect(column.length, name).toBe(table.capacity)
      if (name !== 'flags') expect(Array.from(column.subarray(0, before)), name).toEqual(places.map((_, place) => place % 100))
    }
    expect(table.size).toBe(before + 1)
  })

  test('a place is given back when the client, every event and the request have left it', () => {
    const table = new ConnectionTable()
    const place = table.take()
    table.requests[place] = 5
    table.flags[place]! |= HELD
    for (const leave of [
      () => (table.flags[place]! &= ~OPEN),
      () => (table.flags[place]! &= ~HELD),
      () => (table.requests[place] = NO_REQUEST),
    ]) {
      table.freeIfOver(place)
      expect(table.size).toBe(1)
      leave()
    }
    table.freeIfOver(place)
    expect(table.size).toBe(0)
    expect(() => table.freeIfOver(place)).toThrow('freed twice')
    expect(table.take()).toBe(place)
  })
})
