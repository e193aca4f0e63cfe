import type { Command, Option } from 'commander'

/** What may follow an option or stand as an argument. */
export type Values =
  | { readonly kind: 'none' }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'yaml' | 'file' | 'folder' }

export interface OptionEntry {
  /** `-s`, or null. */
  readonly short: string | null
  /** `--seed`. */
  readonly long: string
  readonly description: string
  /** Null where it takes no value. */
  readonly value: Values | null
}

export interface CommandEntry {
  readonly name: string
  readonly description: string
  readonly options: readonly OptionEntry[]
  readonly argument: Values
}

/** The command line as completion needs it, read from the program itself, so that it knows what the help knows. */
export function commandTree(program: Command): readonly CommandEntry[] {
  return program.commands.map((command) => {
    const [argument] = command.registeredArguments
    const help = { short: '-h', long: '--help', description: 'show help', value: null }
    return {
      name: command.name(),
      description: command.description(),
      options: [...command.options.filter((option) => !option.hidden).map(optionEntry), help],
      argument: argument === undefined ? { kind: 'none' } : valuesOf(argument.name(), argument.argChoices),
    }
  })
}

function optionEntry(option: Option): OptionEntry {
  const { short, long, description, required, optional, flags, argChoices } = option
  const name = /[<[](\w+)/.exec(flags)?.[1] ?? ''
  const value = required || optional ? valuesOf(name, argChoices, true) : null
  return { short: short ?? null, long: long ?? '', description, value }
}

/** `file` is a scenario where it is an argument, and any file where it follows an option. */
function valuesOf(name: string, choices: readonly string[] | undefined, ofOption = false): Values {
  if (choices !== undefined) return { kind: 'words', words: choices }
  if (name === 'folder') return { kind: 'folder' }
  if (name === 'file' || name === 'files') return { kind: ofOption ? 'file' : 'yaml' }
  return { kind: 'none' }
}
