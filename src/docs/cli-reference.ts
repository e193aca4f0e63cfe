import type { Argument, Command, Option } from 'commander'
import { buildProgram } from '../cli/program.ts'
import { code, sentence, table } from './markdown.ts'

const NOWHERE = { write: () => true }

function program(): Command {
  return buildProgram({
    version: '',
    terminal: { stdout: NOWHERE, stderr: NOWHERE, env: {} },
    workerFile: '',
    done: () => {},
  })
}

function flags({ flags: text }: Option): string {
  return text.split(', ').map(code).join(', ')
}

function fallbackOf({ defaultValue, description }: Option): string {
  if (defaultValue !== undefined && defaultValue !== false) return code(String(defaultValue))
  const told = /\(default: (.*)\)$/.exec(description)?.[1] ?? ''
  return /[<>]/.test(told) ? code(told) : told
}

function optionRow(option: Option): readonly string[] {
  const meaning = sentence(option.description.replace(/ ?\(default: .*\)$/, ''))
  const choices = option.argChoices === undefined ? '' : ` One of ${option.argChoices.map(code).join(', ')}.`
  return [flags(option), fallbackOf(option), `${meaning}${choices}`]
}

function argumentText(argument: Argument): string {
  const text = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${text}>` : `[${text}]`
}

/** What commander prints after the options: examples and notes. */
function helpAfter(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (more) => (text += more), writeErr: () => {} })
  command.outputHelp()
  const options = text.indexOf('Options:')
  const rest = text.slice(options).split('\n\n').slice(1).join('\n\n').trim()
  return rest.replace(/Exit codes:[\s\S]*$/, '').trim()
}

function section(command: Command): string {
  const words = [command.name(), ...command.registeredArguments.map(argumentText)].join(' ')
  const shown = command.options.filter(({ hidden }) => !hidden)
  const arguments_ = command.registeredArguments.map((argument) => [
    code(argumentText(argument)),
    '',
    sentence(argument.description) + (argument.argChoices === undefined ? '' : ` One of ${argument.argChoices.map(code).join(', ')}.`),
  ])
  const rows = [...arguments_, ...shown.map(optionRow)]
  const after = helpAfter(command)
  return [
    `## \`towtank ${words}\``,
    sentence(command.description()),
    rows.length === 0 ? '' : table(['argument or option', 'default', 'meaning'], rows),
    after === '' ? '' : `\`\`\`text\n${after}\n\`\`\``,
    ...command.commands.map(section).map((text) => text.replace(/^## `towtank /, `## \`towtank ${command.name()} `)),
  ]
    .filter((text) => text !== '')
    .join('\n\n')
}

/** Every command with its arguments and options, as its own help has them. */
export function cliReference(): string {
  return program().commands.map(section).join('\n\n')
}
