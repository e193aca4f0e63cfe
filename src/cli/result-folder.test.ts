import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ResultFolder } from './result-folder.ts'

const SUMMARY = JSON.stringify({ schemaVersion: 1, tool: { name: 'towtank', version: '0.1.0' } })

/** A process id that no process can have: above the largest that Linux gives. */
const DEAD = 99_999_999

let root = ''
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'towtank-folder-')))
})
afterEach(() => rmSync(root, { recursive: true }))

function choose(path: string): ResultFolder {
  const chosen = ResultFolder.choose(join(root, path))
  if (!chosen.ok) throw new Error(chosen.reason)
  return chosen.folder
}

function reason(path: string): string | null {
  const chosen = ResultFolder.choose(path)
  return chosen.ok ? null : chosen.reason
}

/** Makes files, and the folders that they are in. */
function make(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

describe('a result folder', () => {
  test('appears as a whole, at the end', () => {
    const folder = choose('a/b/out')
    const partial = folder.begin()
    writeFileSync(join(partial, 'summary.json'), SUMMARY)
    expect(existsSync(join(root, 'a/b/out'))).toBe(false)
    folder.commit()
    expect(readdirSync(join(root, 'a/b'))).toEqual(['out'])
    expect(readdirSync(join(root, 'a/b/out'))).toEqual(['summary.json'])
    expect(lstatSync(join(root, 'a/b/out')).mode & 0o777).toBe(lstatSync(join(root, 'a/b')).mode & 0o777)
  })

  test('replaces an earlier result, and not before the end', () => {
    make({ 'out/summary.json': SUMMARY, 'out/requests.csv': 'old', 'out/proxy.csv': 'old' })
    const folder = choose('out')
    writeFileSync(join(folder.begin(), 'summary.json'), 'new')
    expect(readFileSync(join(root, 'out/requests.csv'), 'utf8')).toBe('old')
    folder.commit()
    expect(readdirSync(root)).toEqual(['out'])
    expect(readdirSync(join(root, 'out'))).toEqual(['summary.json'])
    expect(readFileSync(join(root, 'out/summary.json'), 'utf8')).toBe('new')
  })

  test('may be there already when it is empty', () => {
    mkdirSync(join(root, 'out'))
    const folder = choose('out')
    writeFileSync(join(folder.begin(), 'summary.json'), SUMMARY)
    folder.commit()
    expect(readdirSync(join(root, 'out'))).toEqual(['summary.json'])
  })

  test('leaves nothing when it is discarded', () => {
    const folder = choose('out')
    writeFileSync(join(folder.begin(), 'requests.csv'), 'half')
    folder.discard()
    expect(readdirSync(root)).toEqual([])
  })

  test('does not replace what has come to its place meanwhile', () => {
    const folder = choose('out')
    writeFileSync(join(folder.begin(), 'summary.json'), SUMMARY)
    make({ 'out/thesis.txt': 'years of work' })
    expect(() => folder.commit()).toThrow('it is not empty and not a result of Towtank')
    expect(readdirSync(join(root, 'out'))).toEqual(['thesis.txt'])
  })

  test('removes what killed runs have left, and nothing else', () => {
    make({
      [`.out.partial-${DEAD}-new/requests.csv`]: 'half',
      [`.out.partial-${process.ppid}-new/requests.csv`]: 'another run is at work here',
      [`.out.partial-${DEAD}-notes/thesis.txt`]: 'years of work',
      '.out.partial-mine/requests.csv': 'not named as we name',
      [`.other.partial-${DEAD}-new/requests.csv`]: 'of another result',
    })
    const folder = choose('out')
    folder.begin()
    expect(readdirSync(root).toSorted()).toEqual(
      [
        `.other.partial-${DEAD}-new`,
        `.out.partial-${DEAD}-notes`,
        '.out.partial-mine',
        `.out.partial-${process.pid}-new`,
        `.out.partial-${process.ppid}-new`,
      ].toSorted(),
    )
    folder.discard()
  })

  test('gets an earlier result back that was being replaced when the process was killed', () => {
    make({ [`.out.partial-${DEAD}-replaced/summary.json`]: SUMMARY, [`.out.partial-${DEAD}-new/summary.json`]: 'half' })
    choose('out').removeStale()
    expect(readdirSync(root)).toEqual(['out'])
    expect(readFileSync(join(root, 'out/summary.json'), 'utf8')).toBe(SUMMARY)
  })
})

describe('what must not be replaced is refused', () => {
  test('a place in something that is no folder', () => {
    writeFileSync(join(root, 'file'), '')
    expect(reason(join(root, 'file', 'a', 'b'))).toContain(`"${join(root, 'file')}" is not a folder`)
    expect(reason(join(root, 'new', 'deeper'))).toBeNull()
  })

  test.each([
    ['a folder with something else in it', { 'out/thesis.txt': 'x' }, 'it is not empty and not a result of Towtank'],
    [
      'a result with something added',
      { 'out/summary.json': SUMMARY, 'out/thesis.txt': 'x' },
      'it also has files that Towtank did not write, such as "thesis.txt"',
    ],
    [
      'a result with a folder in it',
      { 'out/summary.json': SUMMARY, 'out/requests.csv/thesis.txt': 'x' },
      'it also has files that Towtank did not write',
    ],
    ['a summary of something else', { 'out/summary.json': '{"schemaVersion":1,"tool":{"name":"k6"}}' }, 'not a result of Towtank'],
    ['a summary of another version', { 'out/summary.json': SUMMARY.replace('1', '2') }, 'not a result of Towtank'],
    ['a summary that is no JSON', { 'out/summary.json': 'null and void' }, 'not a result of Towtank'],
    ['a file', { out: 'x' }, 'it is not a folder'],
  ])('%s', (_what, files, why) => {
    make(files as Record<string, string>)
    expect(reason(join(root, 'out'))).toContain(why)
  })

  test('a symbolic link, even to a result', () => {
    make({ 'real/summary.json': SUMMARY })
    symlinkSync(join(root, 'real'), join(root, 'out'))
    expect(reason(join(root, 'out'))).toContain('it is a symbolic link')
  })

  test('a path that goes down and up again, which links could lead astray', () => {
    expect(reason(`${root}/a/../out`)).toContain('goes back up')
    expect(reason('a/../../out')).toContain('goes back up')
  })

  test('the folder that one is in, those around it, and nothing at all', () => {
    for (const path of ['.', './', '..', '../..', '/', process.cwd()])
      expect(reason(path)).toContain('the folder you are in, or one around it')
    const inside = realpathSync(process.cwd())
    symlinkSync(inside, join(root, 'link'))
    expect(reason(join(root, 'link'))).not.toBeNull()
    expect(reason('')).toContain('not the name of a folder')
  })
})
