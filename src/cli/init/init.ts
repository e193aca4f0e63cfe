import { join } from 'node:path'
import { invariant } from '../../invariant.ts'
import { printable } from '../../report/printable.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import { schemaText } from '../schema.ts'
import { colorsFor, type Terminal } from '../terminal.ts'
import { folderFiles } from './folder-files.ts'
import { TEMPLATES } from './templates/index.ts'
import type { TemplateName } from './templates/names.ts'
import { whyNoFolder, whyNoNewFolder, writeFolder } from './write-folder.ts'

export interface InitOptions {
  readonly folder: string
  readonly template: TemplateName
  readonly quiet?: boolean
}

/** `towtank init`: writes a folder with a scenario that runs. */
export function init({ folder, template: wanted, quiet }: InitOptions, { stdout, stderr, env }: Terminal): ExitCode {
  const template = TEMPLATES.find(({ name }) => name === wanted)
  invariant(template !== undefined, 'every choice has a template')
  const refused = whyNoNewFolder(folder)
  if (refused !== null) {
    stderr.write(`${colorsFor(stderr, env).red(printable(refused))}\n`)
    return EXIT.wrongInput
  }
  const files = folderFiles(template, schemaText('scenario'))
  try {
    writeFolder(folder, files)
  } catch (error) {
    stderr.write(`${colorsFor(stderr, env).red(`Cannot make a scenario in "${folder}": ${whyNoFolder(error)}. Choose another place`)}\n`)
    return EXIT.wrongInput
  }
  if (quiet === true) return EXIT.passed
  const colors = colorsFor(stdout, env)
  const written = Object.keys(files).map((name) => `  ${join(folder, name)}`)
  const steps = [...(folder === '.' ? [] : [`cd ${quoted(folder)}`]), 'npx towtank run scenario.yaml'].map((step) => `  $ ${step}`)
  stdout.write(
    `${colors.green('✓')} ${template.name}: ${template.summary}\n${colors.dim(written.join('\n'))}\n\nNext:\n${steps.join('\n')}\n\n${template.look.join('\n')}\n`,
  )
  return EXIT.passed
}

function quoted(folder: string): string {
  return /^[\w./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", `'\\''`)}'`
}
