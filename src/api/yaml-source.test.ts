import { describe, expect, test } from 'vitest'
import { readYaml } from './yaml-source.ts'

const values = (text: string): unknown[] => readYaml('a.yaml', text).documents.map((document) => document.value)
const messages = (text: string): string[] =>
  readYaml('a.yaml', text).problems.map(({ line, column, message }) => `${line}:${column} ${message}`)

describe('reading YAML', () => {
  test('several documents are read, empty ones and comments are none', () => {
    expect(values('# only a comment\n---\n---\na: 1\n---\n\n---\nb: [x, "2"]\n...\n')).toEqual([{ a: 1 }, { b: ['x', '2'] }])
    expect(values('')).toEqual([])
  })

  test('JSON is read', () => {
    expect(values('{\n\t"a": {"b": [1, true, null, "c"]}\n}')).toEqual([{ a: { b: [1, true, null, 'c'] } }])
  })

  test('plain scalars mean what kubectl takes them for', () => {
    expect(values('[yes, off, "yes", 0644, 1_000, 0b11, 0x1f, 1e3, y, 2001-01-01, ~]')).toEqual([
      [true, false, 'yes', 420, 1000, 3, 31, 1000, 'y', '2001-01-01', null],
    ])
  })

  test('aliases and merge keys stand for their anchors, and written keys win over merged ones', () => {
    const text = 'base: &b {x: 1, y: 2}\nother: &o {y: 3, z: 4}\na: *b\nc: {<<: [*b, *o], x: 9}\n'
    expect(values(text)).toEqual([{ base: { x: 1, y: 2 }, other: { y: 3, z: 4 }, a: { x: 1, y: 2 }, c: { x: 9, y: 2, z: 4 } }])
  })

  test('an alias stands for the last anchor of its name before it', () => {
    expect(values('[&a 1, *a, &a 2, *a]')).toEqual([[1, 1, 2, 2]])
  })

  test('a key that is given twice is pointed at, with the line of the first', () => {
    expect(messages('a: 1\nb: 2\na: 3\n')).toEqual(['3:1 The key "a" is given twice: first in line 1'])
  })

  test('a broken document does not hide the others', () => {
    const { documents, problems } = readYaml('a.yaml', 'a: [1\nb: 2\n---\nc: 3\n')
    expect(documents.map((document) => document.value)).toEqual([{ c: 3 }])
    expect(problems.map((problem) => problem.line)).toEqual([2])
  })

  test('a mistake that shows only at the end is placed in the last line that has something in it', () => {
    expect(messages('a:\n  b: {\n')).toEqual([expect.stringMatching(/^2:/)])
  })

  test('an unknown anchor, a value within itself and a key that is a list are mistakes', () => {
    expect(messages('a: *b\n')[0]).toContain('1:4')
    expect(messages('a: &a\n  b: *a\n')).toEqual(['2:3 This value contains itself'])
    expect(messages('? [a]\n: 1\n')).toEqual(['1:3 Only a text can be a key'])
  })

  test('the key "__proto__" is a key like any other', () => {
    const [value] = values('__proto__: {polluted: true}\n')
    expect(Object.keys(value as object)).toEqual(['__proto__'])
    expect((value as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('a text of nested aliases is refused without being expanded', () => {
    const levels = Array.from({ length: 30 }, (_, level) => `a${level + 1}: &a${level + 1} [*a${level}, *a${level}, *a${level}]`)
    expect(messages(['a0: &a0 x', ...levels].join('\n'))).toEqual(['1:1 Aliases stand for more than 100000 values'])
  })

  test('a text nested too deeply is refused, in flow and in block style', () => {
    expect(messages('['.repeat(50_000))[0]).toBe('1:201 Nested more than 200 levels deep')
    expect(messages('- '.repeat(5000))[0]).toContain('Nested more than 200 levels deep')
    expect(messages('{a: '.repeat(5000))[0]).toContain('Nested more than 200 levels deep')
    expect(values(`${'['.repeat(150)}1${']'.repeat(150)}`)).toHaveLength(1)
  })

  test('a problem is placed at the value or at the key, and within its line', () => {
    const [document] = readYaml('a.yaml', 'a:\n  b:\n  - c: text here\n').documents
    const at = { file: 'a.yaml', accepted: null, didYouMean: null, message: 'm' }
    expect(document!.problem(['a', 'b', 0, 'c'], { message: 'm' })).toEqual({ ...at, line: 3, column: 8, length: 9, path: 'a.b[0].c' })
    expect(document!.problem(['a', 'b', 0, 'c'], { message: 'm', atKey: true })).toMatchObject({ line: 3, column: 5, length: 1 })
    expect(document!.problem(['a', 'b', 0, 'missing'], { message: 'm' })).toMatchObject({ line: 3, column: 5, path: 'a.b[0].missing' })
  })
})
