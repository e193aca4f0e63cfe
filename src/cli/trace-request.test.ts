import { describe, expect, test } from 'vitest'
import { BLAME_PARTS } from '../metrics/blame.ts'
import { simulate } from '../scenario/simulate.ts'
import { REQUEST_WORDS, TOLD_STEPS } from '../scenario/story-language/request-words.ts'
import { diskFiles } from './disk-files.ts'
import { EXIT } from './exit-codes.ts'
import type { JobEvent, TraceJob } from './jobs.ts'
import { traceJob } from './trace-job.ts'
import { readRequestObject } from './trace-request.ts'

const TRAFFICS = ['shoppers', 'users']

describe('what of requests is asked for', () => {
  test.each([
    ['request/users/12', { kind: 'one', traffic: 'users', number: 12 }],
    ['requests/users', { kind: 'list', traffic: 'users', reason: null }],
    ['requests/users/slowest', { kind: 'list', traffic: 'users', reason: 'slowest' }],
  ])('%s', (text, object) => {
    expect(readRequestObject(text, TRAFFICS)).toEqual({ ok: true, object })
  })

  test.each([
    ['request/users', /expected request\/TRAFFIC\/NUMBER, such as request\/shoppers\/1/],
    ['request/users/0', /expected request\/TRAFFIC\/NUMBER/],
    ['request/users/1/2', /expected request\/TRAFFIC\/NUMBER/],
    ['request/usres/1', /no traffic "usres": expected one of shoppers, users\. Did you mean "users"\?/],
    ['requests/users/slow', /expected requests\/TRAFFIC, or behind that one of \/slowest, \/failed, \/spread/],
    ['requests', /expected requests\/TRAFFIC/],
  ])('not %s', (text, reason) => {
    expect(readRequestObject(text, TRAFFICS)).toEqual({ ok: false, reason: expect.stringMatching(reason) })
  })

  test('a kind of objects is none', () => {
    expect(readRequestObject('deployment/web', TRAFFICS)).toBeNull()
  })

  test('without traffic there is none', () => {
    expect(readRequestObject('request/x/1', [])).toEqual({ ok: false, reason: 'There is no traffic "x": the scenario has none' })
  })
})

async function trace(object: string, changes: Partial<TraceJob> = {}) {
  const events: JobEvent[] = []
  const job: TraceJob = {
    kind: 'trace',
    file: 'scenarios/hello.yaml',
    object,
    namespace: null,
    variant: null,
    seed: null,
    all: false,
    language: 'en',
    ...changes,
  }
  const code = await traceJob(job, { simulate, files: diskFiles, tell: (event) => events.push(event) })
  const last = events.at(-1)!
  return { code, lines: last.kind === 'story' ? last.lines : [], refused: last.kind === 'refused' ? last.reason : null }
}

describe('the story of a request', () => {
  test('is told in both languages, the same steps a line each, from when it was to be sent', async () => {
    const english = await trace('request/visitors/3')
    const chinese = await trace('request/visitors/3', { language: 'zh' })
    expect(english.code).toBe(EXIT.passed)
    expect(english.lines[0]).toMatch(/^Request 3 of visitors: ok, after \d+\.\d{3} ms$/)
    expect(chinese.lines[0]).toMatch(/^visitors 的第 3 个请求：成功，用时 \d+\.\d{3} ms$/)
    expect(english.lines.some((line) => /rules are asked +worker-\d+, to \d+\.\d+\.\d+\.\d+:\d+$/.test(line))).toBe(true)
    expect(english.lines.some((line) => /is served +default\/hello-/.test(line))).toBe(true)
    const times = (lines: readonly string[]) => lines.map((line) => /^ *\d+\.\d{6} s/.exec(line)?.[0]).filter((time) => time !== undefined)
    expect(times(chinese.lines)).toEqual(times(english.lines))
    expect(times(english.lines).length).toBeGreaterThan(8)
    const parts = [...english.lines.at(-1)!.matchAll(/(\d+\.\d{3}) ms/g)].reduce((sum, match) => sum + Number(match[1]), 0)
    expect(parts).toBeCloseTo(Number(/after (\S+) ms/.exec(english.lines[0]!)![1]), 2)
  })

  test('of a number that was never sent says how many were', async () => {
    const { code, refused } = await trace('request/visitors/9999999')
    expect(code).toBe(EXIT.wrongInput)
    expect(refused).toMatch(/has no request 9999999 in the variant ".*": expected a number from 1 to \d+/)
  })

  test('the slowest are listed, the slowest first', async () => {
    const { lines } = await trace('requests/visitors/slowest')
    const took = lines.flatMap((line) => /^ *\d+ +\S+ s +(\S+) ms /.exec(line)?.[1] ?? []).map(Number)
    expect(took).toHaveLength(5)
    expect(took).toEqual([...took].sort((a, b) => b - a))
    expect(lines.at(-1)).toBe('towtank trace scenarios/hello.yaml request/visitors/N tells one of them.')
  })
})

test('every language has words for every step', () => {
  const steps = ['request', 'try', 'call', 'dns query', 'upstream try', 'routed', ...BLAME_PARTS]
  for (const told of Object.values(TOLD_STEPS)) expect([...told].sort()).toEqual([...steps].sort())
  for (const text of [
    'ok',
    'failed: timeout',
    'given up',
    'on its way',
    '2 SYNs repeated',
    '1 SYN repeated',
    'traffic x',
    'to 10.0.0.1:80',
    'no rule',
  ])
    expect(REQUEST_WORDS.zh.detail(text)).toMatch(/[\u4e00-\u9fff]/)
})
