import type { CommandEntry, Values } from './command-tree.ts'

/** Completions for fish. */
export function fishCompletion(commands: readonly CommandEntry[]): string {
  const lines = commands.flatMap(({ name, description, options, argument }) => [
    `complete -c towtank -f -n __fish_use_subcommand -a ${name} -d ${quoted(description)}`,
    ...(argument.kind === 'none' ? [] : [`complete -c towtank -n ${quoted(`__fish_seen_subcommand_from ${name}`)} ${values(argument)}`]),
    ...options.map(({ short, long, description: what, value }) => {
      const flags = `${short === null ? '' : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`
      const follows = value === null ? '' : ` -r ${values(value)}`
      return `complete -c towtank -n ${quoted(`__fish_seen_subcommand_from ${name}`)}${flags}${follows} -d ${quoted(what)}`
    }),
  ])
  return `# fish completion for towtank. Load it with: towtank completion fish | source
complete -c towtank -f
${lines.join('\n')}
complete -c towtank -n __fish_use_subcommand -a help -d 'show help for a command'
complete -c towtank -n '__fish_seen_subcommand_from help' -a '${commands.map(({ name }) => name).join(' ')}'
complete -c towtank -s h -l help -d 'show help'
complete -c towtank -n __fish_use_subcommand -s V -l version -d 'print the version'
`
}

function values(of: Values): string {
  switch (of.kind) {
    case 'none':
      return '-f'
    case 'words':
      return `-f -a '${of.words.join(' ')}'`
    case 'yaml':
      return `-k -a '(__fish_complete_suffix .yaml; __fish_complete_suffix .yml)'`
    case 'file':
      return '-F'
    case 'folder':
      return `-f -a '(__fish_complete_directories)'`
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
