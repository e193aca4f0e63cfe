import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FIELD_ORIGINS } from './field-origins.ts'
import { parameterFields } from './field-parameters.ts'
import { PARAMETER_GROUPS } from './index.ts'

const all = PARAMETER_GROUPS.flatMap(({ parameters }) => parameters)
const origins = [...all, ...Object.entries(FIELD_ORIGINS).map(([name, origin]) => ({ name, ...origin }))]

describe('provenance', () => {
  test('a number that is cited says where from, and one that is assumed says what', () => {
    for (const { name, provenance, source } of origins) {
      if (provenance === 'cited') expect(source.length, name).toBeGreaterThan(5)
      if (provenance === 'assumed') expect(source, name).toMatch(/^(assumption|convention of scenarios|simplification)\b.{10}/)
      else expect(source, name).not.toMatch(/^assum/i)
    }
  })

  test('a number that is measured names a file of the repository that exists, or the recordings', () => {
    const measured = origins.filter(({ provenance }) => provenance === 'measured')
    expect(measured.length).toBeGreaterThan(30)
    for (const { name, source } of measured) {
      const files = [...source.matchAll(/\b(?:src|test|results)\/[\w./-]+\w/g)].map(([path]) => path)
      if (files.length === 0) expect(source, name).toMatch(/^recorded from Kubernetes v1\.36\.2/)
      for (const path of files) expect(existsSync(path), `${name}: ${path}`).toBe(true)
    }
    expect(existsSync('docs/fidelity-timelines.md')).toBe(true)
  })

  /** Where the page speaks of an assumption with its number, the registry has the same number, as an assumption. */
  const FIDELITY: readonly (readonly [said: RegExp, name: string, value: number | string])[] = [
    [/1 % of the pairs overlap \(assumption/, 'cluster.dns.overlapping', '1%'],
    [/50 bytes \(RFC 7348\) and 2 µs \(assumption\) a packet/, 'network.overlay.delay', 2],
    [/the time\s+to program is assumed \(p50 100 ms, p99 1 s\)/, 'latencies.policyProgramming', 'lognormal(p50=100ms, p99=1s)'],
    [/is the start of an API server \(p50 4 s\)/, 'latencies.apiServerStart', 'lognormal(p50=4s, p99=10s)'],
    [/The time of a reload is assumed \(p50 300 ms, p99 1 s\)/, 'workloads[].ingressController.reload', 'lognormal(p50=300ms, p99=1s)'],
    [/80 µs besides and a resumed handshake assumed/, 'workloads[].ingressController.tls.resumedHandshake', '80us'],
  ]
  test.each(FIDELITY)('docs/fidelity.md %s is %s', (said, name, value) => {
    expect(readFileSync('docs/fidelity.md', 'utf8')).toMatch(said)
    const found = all.find((parameter) => parameter.name === name)
    expect((found ?? FIELD_ORIGINS[name])?.provenance).toBe('assumed')
    expect(found?.value ?? parameterFields().find(({ path }) => path === name)?.fallback).toBe(value)
  })

  test('docs/fidelity.md: all durations of a bootstrap and sizes of its images are assumptions', () => {
    expect(readFileSync('docs/fidelity.md', 'utf8')).toMatch(/All durations of a bootstrap and\s+sizes of its images are assumptions/)
    const bootstrap = all.filter(({ name }) => /^installation\.(steps|images|poll)/.test(name))
    expect(bootstrap.length).toBeGreaterThan(15)
    expect(bootstrap.filter(({ provenance }) => provenance !== 'assumed')).toEqual([])
  })
})
