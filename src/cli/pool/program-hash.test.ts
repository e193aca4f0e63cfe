import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { programHash } from './program-hash.ts'

/** A program as a bundler leaves it, with chunks whose names do not say what is in them. */
const PROGRAM: Readonly<Record<string, string>> = {
  'dist/cli/cell-worker.js': 'import { t as run } from "../run.js";\nexport { run as default };\n',
  'dist/cli/main.js': 'console.log("what a user sees")\n',
  'dist/run.js':
    'import {\n  a\n} from "./model.js";\nimport heap from "heap";\nimport { readFileSync } from "node:fs";\nconst later = () => import("./lazy.js");\n',
  'dist/model.js': 'import "./run.js";\nexport * from "@scope/tool/part";\nconst COST = 17;\n',
  'dist/lazy.js': "export { b } from './deep/chunk.js'\n",
  'dist/deep/chunk.js': 'export const b = 1\n',
  'dist/unused.js': 'export const c = 1\n',
  'node_modules/heap/package.json': '{"version":"1.0.0"}',
  'node_modules/@scope/tool/package.json': '{"version":"2.0.0"}',
  'node_modules/other/package.json': '{"version":"3.0.0"}',
}

let folder = ''
const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
}
const hash = (place = folder): string => programHash(join(place, 'dist/cli/cell-worker.js'))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-program-'))
  for (const [name, text] of Object.entries(PROGRAM)) write(name, text)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  'dist/cli/cell-worker.js',
  'dist/run.js',
  'dist/model.js',
  'dist/lazy.js',
  'dist/deep/chunk.js',
  'node_modules/heap/package.json',
  'node_modules/@scope/tool/package.json',
])('another %s is another program', (name) => {
  const before = hash()
  write(name, PROGRAM[name]!.replace('2.0.0', '2.0.1').replace('1.0.0', '1.0.1').replace(/\n$/, '//\n'))
  expect(hash()).not.toBe(before)
})

test('what cells do not run is no part of it, nor where it is installed', () => {
  const before = hash()
  write('dist/cli/main.js', '')
  write('dist/unused.js', '')
  write('node_modules/other/package.json', '{"version":"4.0.0"}')
  expect(hash()).toBe(before)
  const elsewhere = mkdtempSync(join(tmpdir(), 'towtank-program-'))
  try {
    cpSync(folder, elsewhere, { recursive: true })
    expect(hash(elsewhere)).toBe(before)
    renameSync(join(elsewhere, 'node_modules'), join(elsewhere, 'dist/node_modules'))
    expect(hash(elsewhere)).toBe(before)
  } finally {
    rmSync(elsewhere, { recursive: true })
  }
})
