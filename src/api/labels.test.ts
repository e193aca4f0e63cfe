import { describe, expect, test } from 'vitest'
import { canonicalSelector, complaintsAboutSelector, matchesSelector, parseSelector, selectorOf } from './labels.ts'
import type { StringMap } from './objects/meta.ts'

function matches(text: string, labels: StringMap): boolean {
  const parsed = parseSelector(text)
  if (!parsed.ok) throw new Error(parsed.message)
  return matchesSelector(parsed.selector, labels)
}

describe('selector texts', () => {
  test.each([
    ['app=web,tier!=cache,env in (prod, dev)', 'app=web,env in (dev,prod),tier!=cache'],
    ['a==b', 'a==b'],
    ['zone notin(b,a),!old,new', 'new,!old,zone notin (a,b)'],
    ['x in (a,,a)', 'x in (,a)'],
    ['size > 3 , size<9', 'size>3,size<9'],
    ['', ''],
  ])('%j is spelt %j', (text, canonical) => {
    expect(parseSelector(text)).toMatchObject({ ok: true, canonical })
  })

  test.each([
    ['app=web,', 'Found the end, expected a label key after ","'],
    ['a in b', 'Found "b", expected "("'],
    ['a=b c', 'Found "c", expected "," or the end'],
    ['=b', 'Found "=", expected a label key or "!"'],
    ['a>x', 'Cannot compare with "x": operator ">" needs a whole number'],
    ['!a=b', 'Found "=", expected "," or the end'],
  ])('%j is refused', (text, message) => {
    expect(parseSelector(text)).toEqual({ ok: false, message })
  })
})

describe('matching', () => {
  test('inequality and notin also hold where the label is absent', () => {
    expect(matches('env!=prod', {})).toBe(true)
    expect(matches('env notin (prod)', {})).toBe(true)
    expect(matches('env=prod', {})).toBe(false)
    expect(matches('env', {})).toBe(false)
  })

  test('two requirements on one label must both hold', () => {
    expect(matches('a=1,a=2', { a: '1' })).toBe(false)
    expect(matches('a!=1,a!=2', { a: '3' })).toBe(true)
  })

  test('numbers are compared as numbers, and only numbers', () => {
    expect(matches('size>9', { size: '10' })).toBe(true)
    expect(matches('size>9', { size: 'x' })).toBe(false)
    expect(matches('size<9', {})).toBe(false)
  })

  test('labels named like properties of every object are absent unless given', () => {
    expect(matches('constructor', {})).toBe(false)
    expect(matches('constructor=x', { constructor: 'x' } as unknown as StringMap)).toBe(true)
  })

  test('an empty selector matches everything, a map of labels exactly those', () => {
    expect(matchesSelector(selectorOf({}), { a: 'b' })).toBe(true)
    expect(matchesSelector(selectorOf({ a: 'b' }), { a: 'b', c: 'd' })).toBe(true)
    expect(matchesSelector(selectorOf({ a: 'b' }), { a: 'c' })).toBe(false)
  })
})

describe('selector objects', () => {
  test('are spelt in the order of their keys', () => {
    const matchExpressions = [{ key: 'b', operator: 'NotIn', values: ['2', '1'] }] as const
    expect(canonicalSelector({ matchLabels: { c: 'x', a: 'y' }, matchExpressions })).toBe('a=y,b notin (1,2),c=x')
  })

  test('operators are checked against their values', () => {
    const complaints = complaintsAboutSelector({
      matchLabels: {},
      matchExpressions: [
        { key: 'a', operator: 'In', values: [] },
        { key: 'a', operator: 'Exists', values: ['x'] },
        { key: 'a', operator: 'Gt', values: ['1'] },
      ],
    })
    expect(complaints).toHaveLength(3)
  })
})
