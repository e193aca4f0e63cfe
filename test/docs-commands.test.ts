import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pages } from '../src/docs/pages.ts'
import { CommandFolder, firstDifference, pageSteps, shownCommands } from './console-blocks.ts'

/**
 * Every command in a console block of the README and of docs/, run as the page shows it; what it prints is what the page has, to the letter. Files that
 * the page gives are written first, and excerpts of results are looked for in what the commands have written.
 */
const shown = pages('.')
  .map(({ path, text }) => ({ path, steps: pageSteps(text) }))
  .filter(({ steps }) => steps.length > 0)

test('there are pages with commands', () => {
  expect(shown.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['docs/faq.md', 'docs/how-to/rolling-update.md', 'docs/tutorial.md']),
  )
})

describe.each(shown)('$path', ({ steps }) => {
  let folder: CommandFolder
  beforeAll(() => {
    folder = new CommandFolder()
  })
  afterAll(() => folder.remove())

  test.each(steps)('$title', async (step) => {
    if (step.kind === 'command') {
      const { code, lines } = await folder.run(step.command)
      expect(firstDifference(step.output, lines), lines.join('\n')).toBeNull()
      expect(code).toBe(step.exitCode)
    } else if (step.kind === 'excerpt') {
      const lines = folder.read(step.path)
      expect(firstDifference(step.lines, lines), lines.slice(0, 100).join('\n')).toBeNull()
    } else if (step.kind === 'append') folder.append(step.path, step.text)
    else folder.write(step.path, step.text)
  })
})

describe('console blocks', () => {
  test('are read: commands, what they print and how they end', () => {
    const page = 'Text.\n\n```console exit=2\n$ towtank a\none\n\ntwo\n$ towtank b\n```\n\n```text\n$ towtank c\n```\n'
    expect(shownCommands(page)).toMatchObject([
      { command: 'towtank a', output: ['one', '', 'two'], exitCode: 2 },
      { command: 'towtank b', output: [], exitCode: 2 },
    ])
    expect(() => shownCommands('```console\none\n```\n')).toThrow('begins with a command')
  })

  test('stand in order with the files that a page gives and the excerpts that it shows; other blocks are passed over', () => {
    const page =
      '```yaml file=a.yaml\nx: 1\n```\n```yaml append=a.yaml\ny: 2\n```\n```yaml\nz: 3\n```\n```console\n$ towtank a\n```\n```csv in=r/e.csv\nh\n…\n```\n'
    expect(pageSteps(page)).toMatchObject([
      { kind: 'file', path: 'a.yaml', text: 'x: 1\n' },
      { kind: 'append', path: 'a.yaml', text: 'y: 2\n' },
      { kind: 'command', command: 'towtank a' },
      { kind: 'excerpt', path: 'r/e.csv', lines: ['h', '…'] },
    ])
  })

  test('a page writes into its own folder alone', () => {
    const folder = new CommandFolder()
    try {
      folder.write('demo/a.yaml', 'x: 1\n')
      folder.append('demo/a.yaml', 'y: 2\n')
      expect(folder.read('demo/a.yaml')).toEqual(['x: 1', 'y: 2', ''])
      expect(() => folder.write('scenarios/hello.yaml', '')).toThrow('cannot write')
      expect(() => folder.write('../a.yaml', '')).toThrow('cannot write')
    } finally {
      folder.remove()
    }
  })

  test('are compared line by line; what an ellipsis leaves out may be anything', () => {
    const printed = ['a', 'b', 'c', 'd', '']
    expect(firstDifference(['a', 'b', 'c', 'd'], printed)).toBeNull()
    expect(firstDifference(['a', '…', 'd'], printed)).toBeNull()
    expect(firstDifference(['…', 'c', '… and more'], printed)).toBeNull()
    expect(firstDifference(['a', 'b', 'x', 'd'], printed)).toContain('"x"')
    expect(firstDifference(['a', 'c', 'd'], printed)).toContain('"c"')
    expect(firstDifference(['a', 'b', 'c'], printed)).toContain('"d"')
    expect(firstDifference(['a', '…', 'e'], printed)).toContain('"e"')
    expect(firstDifference([], printed)).toContain('"a"')
  })

  test('a command that needs a shell, or is another program, is refused', async () => {
    const folder = new CommandFolder()
    try {
      await expect(folder.run('towtank run x.yaml | jq .')).rejects.toThrow('needs a shell')
      await expect(folder.run('kubectl get pods')).rejects.toThrow('begin with "towtank"')
    } finally {
      folder.remove()
    }
  })
})
