import { expect, test } from 'vitest'
import { type IngressRule, matchIngress, type PathType } from './path-matching.ts'

function rule(host: string | undefined, ...paths: [string, PathType][]): IngressRule<string> {
  return {
    ...(host === undefined ? {} : { host }),
    paths: paths.map(([path, pathType]) => ({ path, pathType, backend: `${host ?? ''} ${pathType} ${path}` })),
  }
}

test.each([
  ['/', '/any/path', true],
  ['/foo', '/foo/', true],
  ['/foo/', '/foo', true],
  ['/aaa/bb', '/aaa/bbb', false],
  ['/aaa/bbb', '/aaa/bbb/ccc', true],
  ['/foo', '/FOO', false],
])('the prefix %s for %s: %s', (prefix, path, matches) => {
  expect(matchIngress([rule(undefined, [prefix, 'Prefix'])], 'a.b', path) !== null).toBe(matches)
})

test('an exact path is neither a prefix nor without its trailing slash', () => {
  const rules = [rule(undefined, ['/foo', 'Exact'])]
  expect(matchIngress(rules, '', '/foo')).toBe(' Exact /foo')
  expect(matchIngress(rules, '', '/foo/')).toBeNull()
  expect(matchIngress(rules, '', '/foo/bar')).toBeNull()
})

test('exact wins over prefix and the longest prefix over shorter ones, in any order', () => {
  const paths: [string, PathType][] = [
    ['/', 'Prefix'],
    ['/a/b', 'Prefix'],
    ['/a', 'Prefix'],
    ['/a/b', 'Exact'],
  ]
  for (const order of [paths, [...paths].reverse()]) {
    const rules = [rule(undefined, ...order)]
    expect(matchIngress(rules, '', '/a/b')).toBe(' Exact /a/b')
    expect(matchIngress(rules, '', '/a/b/c')).toBe(' Prefix /a/b')
    expect(matchIngress(rules, '', '/a/c')).toBe(' Prefix /a')
    expect(matchIngress(rules, '', '/c')).toBe(' Prefix /')
  }
})

test('an exact host wins over a wildcard, and that over no host; a wildcard is one label', () => {
  const rules = [rule(undefined, ['/', 'Prefix']), rule('*.foo.com', ['/', 'Prefix']), rule('bar.foo.com', ['/', 'Prefix'])]
  expect(matchIngress(rules, 'BAR.foo.com', '/')).toBe('bar.foo.com Prefix /')
  expect(matchIngress(rules, 'baz.foo.com', '/')).toBe('*.foo.com Prefix /')
  expect(matchIngress(rules, 'baz.bar.foo.com', '/')).toBe(' Prefix /')
  expect(matchIngress(rules, 'foo.com', '/')).toBe(' Prefix /')
  expect(matchIngress(rules.slice(1), '', '/')).toBeNull()
})

test('a host keeps its requests even when none of its paths match', () => {
  const rules = [rule(undefined, ['/', 'Prefix']), rule('a.b', ['/only', 'Prefix'])]
  expect(matchIngress(rules, 'a.b', '/other')).toBeNull()
})
