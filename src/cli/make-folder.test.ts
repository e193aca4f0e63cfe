import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeFolder } from './make-folder.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-make-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('makes a folder and those above it, and leaves one that is there', () => {
  makeFolder(join(folder, 'a/b/c'))
  expect(existsSync(join(folder, 'a/b/c'))).toBe(true)
  makeFolder(join(folder, 'a/b'))
  expect(existsSync(join(folder, 'a/b/c'))).toBe(true)
})

test('throws where a file is in the way', () => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeFolder(join(folder, 'file/a/b'))).toThrow(/ENOTDIR/)
})

// All at once this had no end: every mkdir there is answered as if the folder above were missing.
test.skipIf(!existsSync('/proc/self'))('ends where the system lets nobody make a folder', () => {
  expect(() => makeFolder('/proc/towtank/a/b')).toThrow(/ENOENT/)
})

test('leaves nothing of a path of which a part cannot be made', () => {
  expect(() => makeFolder(join(folder, 'a/b', 'x'.repeat(300)))).toThrow(/ENAMETOOLONG/)
  expect(readdirSync(folder)).toEqual([])
})
