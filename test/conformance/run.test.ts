import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from './run.ts'

describe('npm run conformance', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  function written(name: string, content: unknown): string {
    const path = join(folder, name)
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    return path
  }

  function run(...words: string[]): { code: number; out: string; err: string } {
    const out: string[] = []
    const err: string[] = []
    const code = main(
      words,
      (line) => out.push(line),
      (line) => err.push(line),
    )
    return { code, out: out.join('\n'), err: err.join('\n') }
  }

  const good = { id: 'good', category: 'portNumber', value: 80, valid: true }
  const bad = { id: 'bad', category: 'portNumber', value: 0, valid: true }
  const foreign = { id: 'foreign', category: 'runeCount', value: 'x', valid: true }

  test('counts what passed and what does not apply, with the reason, and exits with 0', () => {
    const path = written('names.json', { cases: [good, foreign] })
    const { code, out } = run('names', path)
    expect(code).toBe(0)
    expect(out).toContain(`names ${path}: 1 passed, 0 failed, 1 not applicable`)
    expect(out).toContain('not applicable, 1 × no rule for "runeCount" (foreign)')
    expect(out).toMatch(/\n1 passed, 0 failed$/)
  })

  test('prints the first difference of each failing case and exits with 1', () => {
    const { code, out } = run('names', written('names.json', { cases: [good, bad] }), written('more.json', { cases: [good] }))
    expect(code).toBe(1)
    expect(out).toContain('failed bad: valid, of 0: expected true, got false')
    expect(out).toMatch(/\n2 passed, 1 failed$/)
  })

  test('shows the first twenty failures and counts the rest', () => {
    const cases = Array.from({ length: 23 }, (_, i) => ({ ...bad, id: `bad-${i}` }))
    const { out } = run('names', written('names.json', { cases }))
    expect(out).toContain('failed bad-19')
    expect(out).not.toContain('failed bad-20')
    expect(out).toContain('… and 3 more')
    expect(out).toMatch(/\n0 passed, 23 failed$/)
  })

  test('a case that is not of the form fails alone', () => {
    const path = written('quantities.json', {
      cases: [
        { id: 'odd', a: 5 },
        { id: 'one', input: '1', ok: false, error: 'format' },
      ],
    })
    const { code, out } = run('quantities', path)
    expect(code).toBe(1)
    expect(out).toContain('failed odd')
    expect(out).toContain('failed one')
  })

  test('a file in which nothing applies has not passed', () => {
    const { code, out } = run('names', written('names.json', { cases: [foreign] }))
    expect(code).toBe(1)
    expect(out).toContain('1 of 1 file had nothing to check')
  })

  test.each([
    ['no kind', [], /^Usage: .*\nKinds: .*quantities/],
    ['no file', ['quantities'], /^Usage: /],
    ['an unknown kind', ['quantites', 'x.json'], /^Unknown kind "quantites": expected one of [\s\S]*Did you mean "quantities"\?$/],
    ['a kind that is like no other', ['zebra', 'x.json'], /^Unknown kind "zebra": expected one of [^?]*$/],
    ['a missing file', ['quantities', '/nowhere/x.json'], /^Cannot read "\/nowhere\/x\.json": ENOENT/],
  ])('%s is a wrong command: exit code 2', (_case, words, message) => {
    const { code, out, err } = run(...words)
    expect(code).toBe(2)
    expect(err).toMatch(message)
    expect(out).toBe('')
  })

  test('a file that is no JSON, or not of the form, is a wrong command, and no other file is judged', () => {
    const fine = written('names.json', { cases: [bad] })
    expect(run('names', fine, written('broken.json', '{'))).toMatchObject({ code: 2, out: '' })
    const other = run('names', fine, written('list.json', []))
    expect(other).toMatchObject({ code: 2, out: '' })
    expect(other.err).toContain('is not of the form of "names": Expected a list under "cases"')
  })
})
