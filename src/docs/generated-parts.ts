import { readFileSync } from 'node:fs'
import { cliReference } from './cli-reference.ts'
import { fieldDefaults, parameterTables, provenanceCounts } from './parameter-reference.ts'
import { columnTable } from './result-reference.ts'
import { scenarioReference } from './scenario-reference.ts'

/**
 * What pages of the documentation take from the code. A page has a part between two comments, and its own words around them:
 *
 *     <!-- generated: columns requests.csv -->
 *     …
 *     <!-- end -->
 *
 * The first word names the part, the others are for it.
 */
const PARTS: Readonly<Record<string, (...words: readonly string[]) => string>> = {
  parameters: parameterTables,
  'parameter-counts': provenanceCounts,
  'field-defaults': fieldDefaults,
  scenario: scenarioReference,
  cli: cliReference,
  columns: columnTable,
  example,
}

/** A program of examples/ and what it prints. */
function example(name = ''): string {
  const program = readFileSync(`examples/${name}.mjs`, 'utf8').replace('// @ts-check\n', '')
  const printed = readFileSync(`examples/${name}.txt`, 'utf8')
  return `\`\`\`js\n${program}\`\`\`\n\n\`\`\`text\n${printed.replace(/\n+$/, '\n')}\`\`\``
}

const PART = /^<!-- generated: ([^\n]*?) -->\n[\s\S]*?^<!-- end -->$/gm

/** The page with every part as the code has it now. */
export function withGeneratedParts(page: string): string {
  return page.replace(PART, (_whole, words: string) => {
    const [name = '', ...rest] = words.split(' ')
    const part = PARTS[name]
    if (part === undefined) throw new Error(`No part of the documentation is called "${name}": there are ${Object.keys(PARTS).join(', ')}`)
    return `<!-- generated: ${words} -->\n\n${part(...rest)}\n\n<!-- end -->`
  })
}
