import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { COMMAND_LINE, readSetOptions } from './read-set-options.ts'

const valuesOf = (option: string) => readSetOptions([option]).axes.map(({ field, values }) => [field, ...values.map(({ value }) => value)])

describe('--set', () => {
  test.each([
    ['cluster.nodes[0].count=5,10, 20', ['cluster.nodes[0].count', 5, 10, 20]],
    ['a=x', ['a', 'x']],
    ['traffic[0].arrivals=poisson(50/s),burst(10, every=1s)', ['traffic[0].arrivals', 'poisson(50/s)', 'burst(10, every=1s)']],
    ['a="1, 2",\'3\',4', ['a', '1, 2', '3', 4]],
    ['a={x: 1, y: [2, 3]},true,null', ['a', { x: 1, y: [2, 3] }, true, null]],
    ['a=b=c', ['a', 'b=c']],
  ])('%s', (option, expected) => {
    expect(valuesOf(option)).toEqual([expected])
    expect(readSetOptions([option]).problems).toEqual([])
  })

  test('reads any texts without commas back, wherever blanks stand', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9/.%-]{0,8}$/).filter((text) => !/^(true|false|null|y|n|yes|no|on|off)$/.test(text))
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2), word, fc.nat(2)), { minLength: 1 }), (parts) => {
        const written = parts.map(([before, text, after]) => `${' '.repeat(before)}${text}${' '.repeat(after)}`).join()
        expect(valuesOf(`field=${written}`)).toEqual([['field', ...parts.map(([, text]) => text)]])
      }),
    )
  })

  test.each([
    ['nonsense', 7, 8, 'Cannot read "nonsense" as a field with values'],
    ['=3', 7, 2, 'Cannot read "=3" as a field with values'],
    ['a=1,,2', 11, 1, 'A value of "a" is empty'],
    ['a=', 9, 1, 'A value of "a" is empty'],
    ['a=1,[2', 11, 2, 'Cannot read "[2" as a value'],
  ])('%s is refused at column %i', (option, column, length, message) => {
    const { problems } = readSetOptions(['b=1', option])
    expect(problems).toEqual([expect.objectContaining({ file: COMMAND_LINE, line: 2, column: column, length })])
    expect(problems[0]!.message).toContain(message)
    expect(readSetOptions(['b=1', option]).text.split('\n')[1]).toBe(`--set ${option}`)
  })

  test('of the same field twice is refused', () => {
    expect(readSetOptions(['a=1', 'a=2']).problems).toEqual([expect.objectContaining({ line: 2, message: 'The field "a" is given twice' })])
  })
})
