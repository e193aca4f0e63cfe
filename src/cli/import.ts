import { join } from 'node:path'
import type { DumpFile } from '../import/dump-file.ts'
import { type ImportedCluster, importCluster } from '../import/import-cluster.ts'
import type { Colors } from '../report/colors.ts'
import { printable } from '../report/printable.ts'
import { renderProblems } from '../report/source-frame.ts'
import type { FileReader } from '../scenario/load-files.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { ImportFolder } from './import-folder.ts'
import { colorsFor, type Terminal } from './terminal.ts'

export interface ImportOptions {
  readonly out?: string
  readonly name?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

interface ImportEdge {
  readonly terminal: Terminal
  readonly version: string
  readonly files: FileReader
}

/** The form of import.json and of `--json`. */
export const IMPORT_SCHEMA_VERSION = 1

/** `towtank import`: reads the dumps, makes the scenario, and writes it where nothing of anybody else's is. */
export async function importCommandFiles(paths: readonly string[], options: ImportOptions, edge: ImportEdge): Promise<ExitCode> {
  const { terminal, version } = edge
  const errors = colorsFor(terminal.stderr, terminal.env)
  const refuse = (reason: string): ExitCode => {
    terminal.stderr.write(`${errors.red('✗')} ${printable(reason)}\n`)
    return EXIT.wrongInput
  }
  const name = options.name ?? 'imported'
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
    return refuse(
      `Cannot use "${name}" as the name of a scenario: it takes lower-case letters, digits and "-", at most 63, with a letter or digit at either end`,
    )
  }
  const chosen = ImportFolder.choose(options.out ?? name)
  if (!chosen.ok) return refuse(chosen.reason)
  const read = await readDumps(paths, edge.files)
  if (!read.ok) return refuse(read.reason)
  const result = await importCluster(read.files, name)
  if (!result.ok) {
    const texts = new Map(read.files.map(({ path, text }) => [path, text]))
    terminal.stderr.write(renderProblems(result.problems, (file) => lineSource(texts.get(file)), errors))
    return EXIT.wrongInput
  }
  const { scenario, manifests, ok: _ok, ...told } = result
  const summary = { schemaVersion: IMPORT_SCHEMA_VERSION, tool: { name: 'towtank', version }, scenario: name, ...told }
  const written = chosen.folder.write({ 'scenario.yaml': scenario, 'manifests.yaml': manifests }, summary)
  if (written !== null) return refuse(written)
  if (options.quiet !== true) {
    const stream = options.json === true ? terminal.stderr : terminal.stdout
    stream.write(summaryText(result, chosen.folder.shown, colorsFor(stream, terminal.env)))
  }
  if (options.json === true) terminal.stdout.write(`${JSON.stringify({ ...summary, folder: chosen.folder.shown })}\n`)
  return EXIT.passed
}

/** A dump's text for a caret under the mistake; of a text of 16 MB and more the line alone is told. */
function lineSource(text: string | undefined): string | null {
  return text === undefined || text.length > 16_777_216 ? null : text
}

/** The files, and the files directly inside folders, each once. Hidden ones are passed over. */
async function readDumps(
  paths: readonly string[],
  files: FileReader,
): Promise<{ readonly ok: true; readonly files: readonly DumpFile[] } | { readonly ok: false; readonly reason: string }> {
  const found = new Map<string, DumpFile>()
  for (const path of paths) {
    const content = await files.read(path)
    if (content.kind === 'missing') return { ok: false, reason: `There is no file or folder "${path}"` }
    if (content.kind === 'unreadable') return { ok: false, reason: `Cannot read "${path}": ${content.reason}` }
    if (content.kind === 'file') {
      found.set(path, { path, text: content.text })
      continue
    }
    const before = found.size
    for (const entry of content.names.toSorted()) {
      if (entry.startsWith('.')) continue
      const inside = join(path, entry)
      const file = await files.read(inside)
      if (file.kind === 'unreadable') return { ok: false, reason: `Cannot read "${inside}": ${file.reason}` }
      if (file.kind === 'file') found.set(inside, { path: inside, text: file.text })
    }
    if (found.size === before) return { ok: false, reason: `The folder "${path}" has no file` }
  }
  return { ok: true, files: [...found.values()] }
}

/** More left-out things are in import.json. */
const LEFT_OUT_TOLD = 12

function summaryText({ found, assumed, findings, leftOut }: ImportedCluster, folder: string, colors: Colors): string {
  const some = (count: number, what: string) => `${count.toLocaleString('en-US')} ${what}${count === 1 ? '' : 's'}`
  const isField = ({ what }: { what: string }) => what.startsWith(FIELD)
  const told = leftOut.filter((each) => !isField(each))
  const fields = leftOut.filter(isField).map(({ what }) => what.slice(FIELD.length))
  const nodes = found.nodes === 0 ? 'no list of nodes' : `${some(found.nodes, 'node')} in ${some(found.nodeGroups, 'group')}`
  const mode = found.mode === null ? 'mode of kube-proxy not known' : `kube-proxy in mode ${found.mode}`
  const lines = [
    `${colors.green('✓')} ${nodes}, ${some(found.services, 'Service')}, ${some(found.endpoints, 'endpoint')}, ${some(found.pods, 'pod')}, ${mode}`,
    ...found.rules.map(({ file, mode: ofRules, services, counts }) => {
      const parts = Object.entries(counts).map(([what, count]) => `${what} ${count}`)
      return colors.dim(`  ${printable(file)}: ${ofRules}, ${some(services, 'Service port')}, ${parts.join(', ')}`)
    }),
    ...section(
      'Found',
      findings.map((text) => `${colors.yellow('!')} ${printable(text)}`),
      colors,
    ),
    ...section('Assumed (marked ASSUMED in scenario.yaml)', [...assumed.map(printable), ...ALWAYS_ASSUMED], colors),
    ...section(
      'Left out (all of it in import.json)',
      told.slice(0, LEFT_OUT_TOLD).map(({ what, count, why, names }) => {
        const shown = names.length === 0 ? '' : ` (${names.join(', ')}${count > names.length ? ', …' : ''})`
        return printable(`${count} × ${what}: ${why}${shown}`)
      }),
      colors,
    ),
    ...(told.length > LEFT_OUT_TOLD ? [`  and ${told.length - LEFT_OUT_TOLD} more kinds of things, told in import.json`] : []),
    ...(fields.length > 0 ? [`  Fields that are not modelled: ${printable(fields.join(', '))}`] : []),
    '',
    `Scenario in ${printable(folder)}. Next: towtank run ${printable(join(folder, 'scenario.yaml'))}`,
  ]
  return `${lines.join('\n')}\n`
}

/** How what is left out of objects is called, field by field: in one line here. */
const FIELD = 'field '

const ALWAYS_ASSUMED = ['How containers behave (service time, concurrency, start-up), how much traffic there is, and delays between nodes']

function section(title: string, lines: readonly string[], colors: Colors): string[] {
  return lines.length === 0 ? [] : ['', colors.bold(title), ...lines.map((line) => `  ${line}`)]
}
