import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { pages } from '../src/docs/pages.ts'

/** What holds of pages as a whole: links lead somewhere, and the README in Chinese says what the one in English does. */
const BLOCK = /^```[\s\S]*?^```$/gm
const blocks = (page: string): readonly string[] => [...page.matchAll(BLOCK)].map(([block]) => block)
const prose = (page: string): string => page.replace(BLOCK, '')
/** Targets of links and pictures, without those from one README to the other. */
const links = (page: string): readonly string[] =>
  [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!).filter((target) => !/^README(\.zh)?\.md$/.test(target))

/** As GitHub makes the anchor of a heading. */
const slug = (heading: string): string =>
  heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
const anchors = (page: string): readonly string[] => [
  ...[...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => slug(heading!)),
  ...[...page.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!),
]

const chinese = readFileSync('README.zh.md', 'utf8')
const all = [...pages('.'), { path: 'README.zh.md', text: chinese }]

/** Links of a page that lead to no file, or to no heading of a page. */
function lost(path: string, text: string): readonly string[] {
  return links(text).filter((target) => {
    if (/^https?:/.test(target)) return false
    const [file, anchor] = target.split('#') as [string, string?]
    const full = file === '' ? path : join(dirname(path), file)
    if (!existsSync(full)) return true
    return anchor !== undefined && statSync(full).isFile() && !anchors(readFileSync(full, 'utf8')).includes(anchor)
  })
}

test.each(all)('every link in $path leads to a file, and to a heading where it names one', ({ path, text }) => {
  expect(lost(path, text)).toEqual([])
})

test('a link that leads nowhere is noticed', () => {
  expect(
    lost('docs/x.md', '[a](nowhere.md) [b](cli.md#no-such) [c](cli.md#exit-codes) [d](../README.md#use-it) [e](https://example.org/x)'),
  ).toEqual(['nowhere.md', 'cli.md#no-such'])
})

describe('README.zh.md', () => {
  const english = readFileSync('README.md', 'utf8')
  /** Figures of the text: thousands with commas, a version with its points. */
  const figures = (page: string) =>
    [
      ...prose(page)
        .replace(/\]\([^)]*\)/g, ']')
        .matchAll(/\d+(?:[.,]\d+)*/g),
    ]
      .map(([figure]) => figure)
      .toSorted()
  const names = (page: string) => [...prose(page).matchAll(/`([^`]+)`/g)].map(([, name]) => name!).toSorted()

  test('has the code blocks of README.md, in its order', () => {
    expect(blocks(chinese)).toEqual(blocks(english))
  })

  test('has its links, its headings, its figures and its names', () => {
    expect([...links(chinese)].toSorted()).toEqual([...links(english)].toSorted())
    expect(prose(chinese).match(/^#+ /gm)).toEqual(prose(english).match(/^#+ /gm))
    expect(figures(chinese)).toEqual(figures(english))
    expect(names(chinese)).toEqual(names(english))
  })

  test('leads to the other language', () => {
    expect(chinese).toContain('[English](README.md)')
  })
})
