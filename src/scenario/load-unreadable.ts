import { posix } from 'node:path'
import { nearest } from '../api/did-you-mean.ts'
import type { SourceProblem } from '../api/source-problem.ts'
import { BYTES_MAX, type FileContent, type FileReader } from './load-files.ts'

/** Why a path gives no scenario, and what would: the nearest name, the scenarios of a folder, or a new one. */
export async function unreadableScenario(
  path: string,
  content: Exclude<FileContent, { kind: 'file' }>,
  files: FileReader,
): Promise<SourceProblem> {
  const place = content.kind === 'unreadable' ? content.place : undefined
  const problem = (why: string, accepted: string | null, didYouMean: string | null = null): SourceProblem => ({
    file: path,
    line: place?.line ?? 1,
    column: place?.column ?? 1,
    length: 1,
    path: '',
    message: `Cannot read the scenario "${path}": ${why}`,
    accepted,
    didYouMean,
  })
  switch (content.kind) {
    case 'unreadable':
      return problem(
        content.reason,
        content.reason.includes('larger') ? `a scenario of at most ${BYTES_MAX.scenario / 1024 / 1024} MiB` : null,
      )
    case 'folder': {
      const found = await scenariosIn(path, content.names, files)
      return problem(
        'it is a folder',
        found.length === 0 ? `a scenario file; the folder has none. ${NEXT_STEP}` : `one of ${listed(found)}`,
      )
    }
    case 'missing': {
      const folder = posix.dirname(path)
      const beside = await files.read(folder)
      if (beside.kind !== 'folder' && folder !== '.') return problem(`there is no folder "${folder}"`, `a scenario file. ${NEXT_STEP}`)
      const names = beside.kind === 'folder' ? beside.names : []
      const near = nearest(posix.basename(path), names)
      if (near !== null) return problem('there is no such file', null, posix.join(folder, near))
      const found = await scenariosIn(folder, names, files)
      return problem(
        'there is no such file',
        found.length === 0 ? `a scenario file. ${NEXT_STEP}` : `a scenario file, such as ${listed(found)}`,
      )
    }
  }
}

/** Of a file that holds an object of Kubernetes rather than a scenario: what it is and what to do with it; null for anything else. */
export function manifestInstead(path: string, text: string): SourceProblem | null {
  const apiVersion = /^apiVersion:[ \t]*["']?([\w./-]+)/m.exec(text)
  const kind = /^kind:[ \t]*["']?(\w+)/m.exec(text)?.[1]
  if (apiVersion === null || kind === undefined || apiVersion[1]!.startsWith('towtank/') || kind.startsWith('Scen')) return null
  const above = text.slice(0, apiVersion.index).split('\n')
  return {
    file: path,
    line: above.length,
    column: 1,
    length: apiVersion[0].length,
    path: '',
    message: `This is a Kubernetes manifest (${kind}, ${apiVersion[1]}) and not a scenario`,
    accepted: `a scenario file, which names this one under spec.manifests. ${NEXT_STEP}`,
    didYouMean: null,
  }
}

const NEXT_STEP = '"towtank init" makes one to start from'

/** Files that are looked into, and that are named. */
const LOOKED_INTO_MAX = 100
const NAMED_MAX = 10

async function scenariosIn(folder: string, names: readonly string[], files: FileReader): Promise<readonly string[]> {
  const found: string[] = []
  const likely = names.filter((name) => /\.ya?ml$/.test(name)).toSorted((a, b) => (a < b ? -1 : 1))
  for (const name of likely.slice(0, LOOKED_INTO_MAX)) {
    const path = posix.join(folder, name)
    const content = await files.read(path, BYTES_MAX.scenario)
    if (content.kind === 'file' && /^apiVersion:\s*towtank\//m.test(content.text)) found.push(path)
  }
  return found
}

function listed(paths: readonly string[]): string {
  const more = paths.length - NAMED_MAX
  return more > 0 ? `${paths.slice(0, NAMED_MAX).join(', ')} and ${more} more` : paths.join(', ')
}
