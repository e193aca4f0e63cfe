import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandGrid, gridSize } from './grid.ts'
import { shardOf } from './shard.ts'

const axes = fc.array(fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 4 }), { maxLength: 5 })

describe('a grid', () => {
  test('turns its last axis fastest', () => {
    expect(
      expandGrid([
        ['a', 'b'],
        ['x', 'y'],
      ]),
    ).toEqual([
      ['a', 'x'],
      ['a', 'y'],
      ['b', 'x'],
      ['b', 'y'],
    ])
    expect(expandGrid([])).toEqual([[]])
    expect(expandGrid([['a'], []])).toEqual([])
  })

  test('has every combination once, each with a value of every axis, in the order of the axes', () => {
    fc.assert(
      fc.property(axes, (lists) => {
        const grid = expandGrid(lists)
        expect(grid).toHaveLength(gridSize(lists))
        expect(new Set(grid.map((entry) => JSON.stringify(entry))).size).toBe(grid.length)
        const positions = grid.map((entry) => entry.map((value, axis) => lists[axis]!.indexOf(value)))
        expect(positions.every((one) => one.length === lists.length && !one.includes(-1))).toBe(true)
        const numbers = positions.map((one) => one.reduce((sum, position, axis) => sum * lists[axis]!.length + position, 0))
        expect(numbers).toEqual(numbers.map((_, index) => index))
      }),
    )
  })
})

describe('shards', () => {
  const cells = fc.uniqueArray(fc.string(), { maxLength: 60 }).map((ids) => ids.map((id) => ({ id })))

  test('are disjoint, together all cells, and as large as each other but for one', () => {
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 12 }), (all, count) => {
        const shards = Array.from({ length: count }, (_, index) => shardOf(all, { index: index + 1, count }))
        expect(
          shards
            .flat()
            .map(({ id }) => id)
            .toSorted(),
        ).toEqual(all.map(({ id }) => id).toSorted())
        const sizes = shards.map(({ length }) => length)
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1)
        for (const shard of shards) expect(shard).toEqual(all.filter((cell) => shard.includes(cell)))
      }),
    )
  })

  test('do not depend on the order of cells', () => {
    fc.assert(
      fc.property(cells, fc.integer({ min: 1, max: 5 }), (all, count) => {
        const ids = (shard: readonly { readonly id: string }[]) => shard.map(({ id }) => id).toSorted()
        expect(ids(shardOf(all.toReversed(), { index: 1, count }))).toEqual(ids(shardOf(all, { index: 1, count })))
      }),
    )
  })
})
