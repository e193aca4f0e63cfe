import { existsSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, sep } from 'node:path'
import { textsHash } from '../../scenario/load-hash.ts'

/**
 * A hash over the program that begins with a built file: the texts of all files that it reaches by relative imports, whatever their names say, and
 * the versions of the packages that these import. Where the program is installed does not matter.
 *
 * Every string that is the relative path of a script counts as an import, so that none is missed in whichever form it is written; one that is
 * none makes the hash depend on a file too many, which costs a sweep some cells that could have been used.
 */
export function programHash(entryFile: string): string {
  const texts = new Map<string, string>()
  const packages = new Set<string>()
  const waiting = [entryFile]
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (texts.has(file)) continue
    const text = readFileSync(file, 'utf8')
    texts.set(file, text)
    for (const [, path] of text.matchAll(RELATIVE)) {
      const reached = join(dirname(file), path!)
      if (existsSync(reached)) waiting.push(reached)
    }
    for (const [, name] of text.matchAll(PACKAGE)) if (!isBuiltin(name!)) packages.add(`${name}@${versionOf(name!, file)}`)
  }
  const root = dirname(entryFile)
  const files = [...texts].map(([file, text]) => [relative(root, file).split(sep).join('/'), text] as const)
  return textsHash([...files.toSorted(byName).flat(), ...[...packages].toSorted()])
}

/** A quoted path such as "./simulate-B4ASs5E3.js". */
const RELATIVE = /["'`](\.\.?\/[^"'`\s]+\.[cm]?js)["'`]/g

/** The name of a package in `import … from "name/part"` and the like, at the begin of a line as a bundler writes it. */
const PACKAGE = /^(?:import|export)\b[^"'\n]*["']((?:@[\w.-]+\/)?[a-z][\w.-]*)(?:\/[^"'\n]*)?["'];?$/gm

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** As Node finds it: in the nearest `node_modules` above. */
function versionOf(name: string, from: string): string {
  for (let folder = dirname(from); ; folder = dirname(folder)) {
    const description = join(folder, 'node_modules', name, 'package.json')
    if (existsSync(description)) return String((JSON.parse(readFileSync(description, 'utf8')) as { version?: unknown }).version)
    if (folder === dirname(folder)) return 'none'
  }
}
