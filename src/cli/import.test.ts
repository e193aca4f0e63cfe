import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { diskFiles } from './disk-files.ts'
import { EXIT } from './exit-codes.ts'
import { type ImportOptions, importCommandFiles } from './import.ts'
import { validate } from './validate.ts'

const DUMP = '-A -t 10.96.0.9:80 -s rr\n-a -t 10.96.0.9:80 -r 10.244.0.5:8080 -m -w 1\n'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'towtank-import-'))
  writeFileSync(join(folder, 'node.ipvs'), DUMP)
})
afterEach(() => rmSync(folder, { recursive: true }))

async function run(paths: readonly string[], options: ImportOptions = {}) {
  let stdout = ''
  let stderr = ''
  const terminal = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: { NO_COLOR: '1' },
  }
  const inside = paths.map((path) => join(folder, path))
  const code = await importCommandFiles(inside, { out: join(folder, 'out'), ...options }, { terminal, version: '0', files: diskFiles })
  return { code, stdout, stderr }
}

const written = () => readdirSync(join(folder, 'out')).sort()

describe('towtank import', () => {
  test('writes a scenario that validate takes, and says what it found, assumed, and what comes next', async () => {
    const { code, stdout, stderr } = await run(['node.ipvs'], { name: 'shop' })
    expect(stderr).toBe('')
    expect(code).toBe(EXIT.passed)
    expect(written()).toEqual(['import.json', 'manifests.yaml', 'scenario.yaml'])
    expect(stdout).toContain('1 Service, 1 endpoint, 1 pod, kube-proxy in mode ipvs')
    expect(stdout).toContain('Assumed')
    expect(stdout).toContain(`Next: towtank run ${join(folder, 'out', 'scenario.yaml')}`)
    expect(readFileSync(join(folder, 'out/scenario.yaml'), 'utf8')).toContain('metadata: { name: shop }')
    const quiet = { stdout: { write: () => true }, stderr: { write: () => true }, env: {} }
    expect(await validate([join(folder, 'out/scenario.yaml')], {}, quiet, diskFiles)).toBe(EXIT.passed)
  })

  test('--json prints one line, --quiet nothing', async () => {
    const { stdout, stderr } = await run(['node.ipvs'], { json: true, quiet: true })
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toMatchObject({
      schemaVersion: 1,
      scenario: 'imported',
      found: { services: 1, mode: 'ipvs' },
      folder: join(folder, 'out'),
    })
    expect((await run(['node.ipvs'], { quiet: true, out: join(folder, 'other') })).stdout).toBe('')
  })

  test('the same dumps give the same bytes, also over an earlier import', async () => {
    await run(['node.ipvs'])
    const bytes = () => written().map((name) => readFileSync(join(folder, 'out', name), 'utf8'))
    const first = bytes()
    expect((await run(['node.ipvs'])).code).toBe(EXIT.passed)
    expect(bytes()).toEqual(first)
    expect(readdirSync(folder).sort()).toEqual(['node.ipvs', 'out'])
  })

  test('a folder of dumps is read, hidden files and folders in it are not', async () => {
    mkdirSync(join(folder, 'dumps/deeper'), { recursive: true })
    writeFileSync(join(folder, 'dumps/a'), DUMP)
    writeFileSync(join(folder, 'dumps/.hidden'), 'x\0')
    writeFileSync(join(folder, 'dumps/deeper/b'), 'x\0')
    expect((await run(['dumps'])).code).toBe(EXIT.passed)
  })
})

describe('nothing of anybody else’s is written over', () => {
  const refused = async (why: string) => {
    const { code, stderr } = await run(['node.ipvs'])
    expect(stderr).toContain(why)
    expect(code).toBe(EXIT.wrongInput)
  }

  test('a scenario that was edited', async () => {
    await run(['node.ipvs'])
    const path = join(folder, 'out/scenario.yaml')
    const edited = readFileSync(path, 'utf8').replace('10/s', '99/s')
    writeFileSync(path, edited)
    await refused('"scenario.yaml" in it was changed since it was imported. Name another folder with --out')
    expect(readFileSync(path, 'utf8')).toBe(edited)
  })

  test('a file beside, a folder of something else, a file, a link', async () => {
    await run(['node.ipvs'])
    writeFileSync(join(folder, 'out/notes.txt'), 'mine')
    await refused('files that an import did not write, such as "notes.txt"')
    rmSync(join(folder, 'out'), { recursive: true })
    mkdirSync(join(folder, 'out'))
    writeFileSync(join(folder, 'out/scenario.yaml'), 'mine')
    await refused('it is not empty and not an import of Towtank')
    rmSync(join(folder, 'out'), { recursive: true })
    writeFileSync(join(folder, 'out'), 'mine')
    await refused('it is not a folder')
    rmSync(join(folder, 'out'))
    symlinkSync(tmpdir(), join(folder, 'out'))
    await refused('it is a symbolic link')
  })
})

describe('what cannot be read: exit code 2, and nothing is written', () => {
  test.each([
    ['a file that is not there', null, 'There is no file or folder'],
    ['binary', 'abc\0def', 'it is not a text file: it has a NUL byte'],
    ['a listing for people', 'Chain INPUT (policy ACCEPT)\n', 'This is a listing of iptables -L'],
    ['a rule that is none', '*nat\n-A KUBE-SVC-X --dport x -j Y\nCOMMIT\n', 'Cannot use "x" for "--dport"'],
    ['YAML that is none', 'apiVersion: v1\n  kind: [\n', 'broken:'],
    [
      'aliases that would fill the memory',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghij'
        .split('')
        .map((key, index) => `${key}: &${key} [${Array(9).fill(`*${'abcdefghi'[index]}`).join()}]`)
        .join('\n')}\n`,
      'broken:',
    ],
    ['JSON of great depth', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'broken:1'],
    ['objects that are none', '{"apiVersion": "v1", "kind": "List", "items": [1]}', 'Item 0 of the list is no Kubernetes object'],
    ['an object without a name', '{"apiVersion": "v1", "kind": "Pod", "metadata": {}}', 'The Pod has no name'],
    ['nothing', '\n', 'There is no object of a cluster and no rule of kube-proxy'],
    ['rules without kube-proxy', '*nat\n-A PREROUTING -j DOCKER\nCOMMIT\n', 'There is no object of a cluster and no rule of kube-proxy'],
  ])('%s', async (_case, text, message) => {
    if (text !== null) writeFileSync(join(folder, 'broken'), text)
    const { code, stdout, stderr } = await run(['broken'])
    expect(stderr).toContain(message)
    expect(stdout).toBe('')
    expect(code).toBe(EXIT.wrongInput)
    expect(readdirSync(folder)).not.toContain('out')
  })

  test('a name that is none', async () => {
    const { code, stderr } = await run(['node.ipvs'], { name: 'Shop 1' })
    expect(stderr).toContain('Cannot use "Shop 1" as the name of a scenario')
    expect(code).toBe(EXIT.wrongInput)
  })
})
