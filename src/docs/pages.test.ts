import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COLUMN_MEANINGS } from '../report/column-meanings.ts'
import { RESULT_FILES } from '../report/result-files.ts'
import { withGeneratedParts } from './generated-parts.ts'
import { pages } from './pages.ts'

describe('pages that take parts from the code', () => {
  const all = pages('.')
  const generated = all.filter(({ text }) => /^<!-- generated: /m.test(text))

  test('there are some, each with as many ends as beginnings', () => {
    expect(generated.map(({ path }) => path)).toEqual(
      expect.arrayContaining(['docs/results.md', 'docs/reference/cli.md', 'docs/reference/parameters.md', 'docs/reference/scenario.md']),
    )
    for (const { path, text } of generated)
      expect(text.match(/^<!-- end -->$/gm)?.length, path).toBe(text.match(/^<!-- generated: .* -->$/gm)!.length)
  })

  test.each(generated)('$path is what the code gives; if not, "npm run docs" writes it', ({ text }) => {
    expect(text).toBe(withGeneratedParts(text))
  })

  test('what stands between the comments does not matter, what stands around them stays', () => {
    const page = 'Before.\n\n<!-- generated: columns events.csv -->\nold\n<!-- end -->\n\nAfter.\n'
    const written = withGeneratedParts(page)
    expect(written).toMatch(
      /^Before\.\n\n<!-- generated: columns events\.csv -->\n\n\| column \|[\s\S]*`started_s`[\s\S]*<!-- end -->\n\nAfter\.\n$/,
    )
    expect(written).not.toContain('old')
    expect(withGeneratedParts(written)).toBe(written)
  })

  test('a part that there is not is told', () => {
    expect(() => withGeneratedParts('<!-- generated: colums -->\n<!-- end -->')).toThrow('No part of the documentation is called "colums"')
    expect(() => withGeneratedParts('<!-- generated: columns x.csv -->\n<!-- end -->')).toThrow('No result file is called "x.csv"')
  })

  test('every table of a run has the meanings of its columns', () => {
    expect(Object.keys(COLUMN_MEANINGS).map((name) => `${name}.csv`)).toEqual(RESULT_FILES.filter((file) => file.endsWith('.csv')))
  })
})

describe('links', () => {
  const all = new Map(pages('.').map(({ path, text }) => [path, text.replace(/^```[\s\S]*?^```$/gm, '')]))
  const slug = (heading: string) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-')
  const anchorsOf = (text: string) => [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading!))

  test.each([...all].filter(([path]) => path === 'docs/faq.md' || path.startsWith('docs/reference/')))(
    'of %s lead to files and headings',
    (path, text) => {
      const lost = [...text.matchAll(/\]\(([^)#\s:]*)(?:#([^)]*))?\)/g)].filter(([, file, anchor]) => {
        const target = file === '' ? path : join(dirname(path), file!)
        if (!existsSync(target)) return true
        return anchor !== undefined && !anchorsOf(all.get(target) ?? '').includes(anchor)
      })
      expect(lost.map(([link]) => link)).toEqual([])
    },
  )
})
