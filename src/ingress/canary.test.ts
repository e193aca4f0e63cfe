import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ReseedableStream } from '../engine/random-stream.ts'
import { canaryPolicyOf } from './annotations.ts'
import { type CanaryPolicy, canaryVerdict, isOfWeight } from './canary.ts'

const policy = (given: Partial<CanaryPolicy> = {}): CanaryPolicy => ({
  header: '',
  headerValue: '',
  headerPattern: '',
  cookie: '',
  weight: 0,
  weightTotal: 100,
  ...given,
})
type Said = { readonly headers?: Record<string, string>; readonly cookies?: Record<string, string> }
const request = (said: Said = {}) => ({ host: 'a.org', path: '/', isTls: false, ...said })

describe('what a request says', () => {
  test.each<[string, Partial<CanaryPolicy>, Said, string]>([
    ['nothing', {}, {}, 'by-weight'],
    ['the header always', { header: 'X-Canary' }, { headers: { 'x-canary': 'always' } }, 'always'],
    ['the header never', { header: 'X-Canary' }, { headers: { X_Canary: 'never' } }, 'never'],
    ['another value of the header', { header: 'X-Canary' }, { headers: { 'x-canary': 'yes' } }, 'by-weight'],
    ['another header', { header: 'X-Canary' }, { headers: { 'x-other': 'always' } }, 'by-weight'],
    ['the value', { header: 'X-Canary', headerValue: 'beta' }, { headers: { 'x-canary': 'beta' } }, 'always'],
    ['never, but a value is asked for', { header: 'X-Canary', headerValue: 'beta' }, { headers: { 'x-canary': 'never' } }, 'by-weight'],
    ['always, but a value is asked for', { header: 'X-Canary', headerValue: 'beta' }, { headers: { 'x-canary': 'always' } }, 'by-weight'],
    ['what matches somewhere', { header: 'X', headerPattern: 'b.t' }, { headers: { x: 'the beta' } }, 'always'],
    ['what does not match', { header: 'X', headerPattern: '^beta$' }, { headers: { x: 'the beta' } }, 'by-weight'],
    ['the value wins over the pattern', { header: 'X', headerValue: 'a', headerPattern: 'b' }, { headers: { x: 'b' } }, 'by-weight'],
    ['the cookie always', { cookie: 'c' }, { cookies: { c: 'always' } }, 'always'],
    ['the cookie never', { cookie: 'c' }, { cookies: { c: 'never' } }, 'never'],
    ['the cookie with another value', { cookie: 'c' }, { cookies: { c: '1' } }, 'by-weight'],
    ['header before cookie', { header: 'X', cookie: 'c' }, { headers: { x: 'never' }, cookies: { c: 'always' } }, 'never'],
    [
      'a header that decides nothing leaves it to the cookie',
      { header: 'X', headerValue: 'v', cookie: 'c' },
      { headers: { x: 'always' }, cookies: { c: 'never' } },
      'never',
    ],
  ])('%s', (_what, given, said, verdict) => {
    expect(canaryVerdict(policy(given), request(said))).toBe(verdict)
  })
})

describe('the weight', () => {
  test('of 0 takes none, and all of the total takes all', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 100, max: 10_000 }), (seed, weightTotal) => {
        expect(isOfWeight(policy({ weight: 0, weightTotal }), seed)).toBe(false)
        expect(isOfWeight(policy({ weight: weightTotal, weightTotal }), seed)).toBe(true)
      }),
    )
  })

  // 100 000 draws: the standard error of a share p is below 0.16 %; four of them are 0.64 %, so 2 % more or less is seen.
  test.each([
    [5, 100],
    [30, 100],
    [330, 1000],
  ])('of %i of %i takes that share of the requests', (weight, weightTotal) => {
    const stream = new ReseedableStream(7)
    let taken = 0
    for (let n = 0; n < 100_000; n++) if (isOfWeight(policy({ weight, weightTotal }), stream.below(2 ** 31))) taken++
    const share = weight / weightTotal
    expect(Math.abs(taken / 100_000 - share)).toBeLessThan(4 * Math.sqrt((share * (1 - share)) / 100_000))
  })

  test('a larger weight keeps everybody who was there', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 99 }), (seed, weight) => {
        if (isOfWeight(policy({ weight }), seed)) expect(isOfWeight(policy({ weight: weight + 1 }), seed)).toBe(true)
      }),
    )
  })
})

test('a total below 100 counts as 100, and what is no number as absent', () => {
  const of = (annotations: Record<string, string>) =>
    canaryPolicyOf(Object.fromEntries(Object.entries(annotations).map(([key, value]) => [`nginx.ingress.kubernetes.io/${key}`, value])))
  expect(of({ canary: 'true', 'canary-weight': '20', 'canary-weight-total': '50' })).toEqual(policy({ weight: 20 }))
  expect(of({ canary: 'true', 'canary-weight': 'x' })).toEqual(policy())
  expect(of({ canary: 'false', 'canary-weight': '20' })).toBeNull()
  expect(of({ 'canary-weight': '20' })).toBeNull()
})
