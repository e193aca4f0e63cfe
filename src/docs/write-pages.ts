import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { withGeneratedParts } from './generated-parts.ts'
import { pages } from './pages.ts'
import { SCENARIO_TYPES_FILE, scenarioTypes } from './scenario-types.ts'

/** Brings every page, and the types that are written from the schema, up to date with the code: `npm run docs`. */
export async function writePages(root: string, tell: (line: string) => void): Promise<void> {
  const types = { path: SCENARIO_TYPES_FILE, text: readFileSync(join(root, SCENARIO_TYPES_FILE), 'utf8') }
  for (const { path, text } of [...pages(root), types]) {
    const current = path === SCENARIO_TYPES_FILE ? await scenarioTypes() : withGeneratedParts(text)
    if (current === text) continue
    writeFileSync(join(root, path), current)
    tell(`${path} is written`)
  }
}
