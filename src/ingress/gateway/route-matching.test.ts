import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { HttpRouteMatch } from '../../api/objects/index.ts'
import { type Entry, hostnamesFor, intersection, RouteTable } from './route-matching.ts'

const pathOf = fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab', '/a/b/c')
const headerNames = fc.subarray(['x-one', 'x-two', 'X-Three'])
const matchOf: fc.Arbitrary<HttpRouteMatch> = fc.record({
  pathType: fc.constantFrom('Exact' as const, 'PathPrefix' as const),
  path: pathOf,
  headers: headerNames.map((names) => names.map((name) => ({ type: 'Exact' as const, name, value: 'yes' }))),
  queryParams: fc.constant([]),
  method: fc.constantFrom('', 'GET', 'POST'),
})
const hostnameOf = fc.constantFrom('', '*.org', '*.a.org', 'a.org', 'x.a.org', '*.x.a.org')
const hostOf = fc.constantFrom('a.org', 'x.a.org', 'y.x.a.org', 'z.b.org', 'b.com')

/** The slow model: element lists, and a tuple of ranks for every candidate, compared one by one. */
function slow(entries: readonly Entry<number>[], host: string, path: string, headers: Readonly<Record<string, string>>): number | null {
  const standsFor = (hostname: string) =>
    hostname === '' || hostname === host || (hostname.startsWith('*.') && host.endsWith(hostname.slice(1)) && host !== hostname.slice(2))
  const hostRank = (hostname: string) => (hostname === '' ? 0 : hostname.startsWith('*') ? hostname.length : 1000)
  const served = entries.filter(({ hostname }) => standsFor(hostname))
  const best = Math.max(...served.map(({ hostname }) => hostRank(hostname)))
  const elements = (text: string) => text.split('/').filter((element, index, all) => !(element === '' && index === all.length - 1))
  const holds = ({ match }: Entry<number>): boolean => {
    const given = elements(path)
    const wanted = elements(match.path)
    const isPath = match.pathType === 'Exact' ? match.path === path : wanted.every((element, index) => given[index] === element)
    const has = match.headers.every(({ name, value }) => headers[name.toLowerCase()] === value)
    return isPath && has && match.method !== 'POST'
  }
  const ranked = served
    .filter((entry) => hostRank(entry.hostname) === best && holds(entry))
    .map(({ match, target }) => ({
      target,
      rank: [match.pathType === 'Exact' ? 1 : 0, match.path.length, match.method === '' ? 0 : 1, match.headers.length],
    }))
  let first: (typeof ranked)[number] | null = null
  for (const candidate of ranked) {
    const differs = first === null ? -1 : candidate.rank.findIndex((rank, index) => rank !== first!.rank[index])
    if (first === null || (differs >= 0 && candidate.rank[differs]! > first.rank[differs]!)) first = candidate
  }
  return first?.target ?? null
}

describe('the precedence of rules', () => {
  test('is that of a slow model', () => {
    let found = 0
    fc.assert(
      fc.property(
        fc.array(fc.record({ hostname: hostnameOf, match: matchOf }), { minLength: 4, maxLength: 25 }),
        hostOf,
        pathOf,
        headerNames,
        (given, host, path, names) => {
          const entries = given.map((entry, target) => ({ ...entry, target }))
          const headers = Object.fromEntries(names.map((name) => [name.toLowerCase(), 'yes']))
          const answer = new RouteTable(entries).find({ host, path, isTls: false, headers })
          expect(answer).toBe(slow(entries, host, path, headers))
          if (answer !== null) found++
        },
      ),
      { numRuns: 2000 },
    )
    expect(found).toBeGreaterThan(300)
  })

  const entry = (target: string, match: Partial<HttpRouteMatch>, hostname = ''): Entry<string> => ({
    hostname,
    match: { pathType: 'PathPrefix', path: '/', headers: [], queryParams: [], method: '', ...match },
    target,
  })
  const header = (...names: string[]) => names.map((name) => ({ type: 'Exact' as const, name, value: '1' }))
  const first = (...entries: Entry<string>[]) =>
    new RouteTable(entries).find({ host: 'x.a.org', path: '/a/b', isTls: false, headers: { one: '1', two: '1' } })

  test.each([
    ['an exact host before a wildcard with more', entry('no', { path: '/a/b' }, '*.a.org'), entry('yes', {}, 'x.a.org')],
    ['a longer wildcard before a shorter one', entry('no', { path: '/a/b' }, '*.org'), entry('yes', {}, '*.a.org')],
    ['an exact path before a prefix as long', entry('no', { path: '/a/b' }), entry('yes', { pathType: 'Exact', path: '/a/b' })],
    ['a longer prefix before a method', entry('no', { path: '/a', method: 'GET' }), entry('yes', { path: '/a/b' })],
    ['a method before headers', entry('no', { headers: header('one', 'two') }), entry('yes', { method: 'GET' })],
    ['more headers before fewer', entry('no', { headers: header('one') }), entry('yes', { headers: header('one', 'two') })],
    ['the one written first of equals', entry('yes', {}), entry('no', {})],
  ])('takes %s', (_what, one, other) => {
    expect(first(one, other)).toBe('yes')
  })

  test('leaves a host to its own routes, which may have none for the path', () => {
    expect(first(entry('no', {}, '*.a.org'), entry('no', { path: '/c' }, 'x.a.org'))).toBeNull()
  })

  test('has no answer for other methods and for queries', () => {
    expect(first(entry('no', { method: 'POST' }), entry('no', { queryParams: ['q'] }))).toBeNull()
  })
})

test('hostnames of a host, and what two have in common', () => {
  expect(hostnamesFor('X.a.org')).toEqual(['x.a.org', '*.a.org', '*.org', ''])
  expect(intersection('*.a.org', 'x.a.org')).toBe('x.a.org')
  expect(intersection('x.a.org', '*.org')).toBe('x.a.org')
  expect(intersection('*.org', '*.a.org')).toBe('*.a.org')
  expect(intersection('', '*.a.org')).toBe('*.a.org')
  expect(intersection('a.org', '')).toBe('a.org')
  expect(intersection('*.a.org', 'a.org')).toBeNull()
  expect(intersection('*.a.org', '*.b.org')).toBeNull()
  expect(intersection('a.org', 'b.org')).toBeNull()
})
