import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withGeneratedParts } from './generated-parts.ts'
import { pages } from './pages.ts'

/** Brings every page up to date with the code: `npm run docs`. */
export function writePages(root: string, tell: (line: string) => void): void {
  for (const { path, text } of pages(root)) {
    const current = withGeneratedParts(text)
    if (current === text) continue
    writeFileSync(join(root, path), current)
    tell(`${path} is written`)
  }
}
