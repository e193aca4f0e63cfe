import type { CommandEntry, OptionEntry, Values } from './command-tree.ts'

/** A completion function for zsh, for a file `_towtank` in a folder of `fpath`, or to be sourced. */
export function zshCompletion(commands: readonly CommandEntry[]): string {
  const listed = commands.map(({ name, description }) => `    ${quoted(`${name}:${description}`)}`)
  const cases = commands.map(({ name, options, argument }) => {
    const specs = [...options.map(optionSpec), `'*:${label(argument)}:${action(argument)}'`]
    return `        ${name})\n          _arguments -s \\\n            ${specs.join(' \\\n            ')}\n          ;;`
  })
  return `#compdef towtank
# zsh completion for towtank. Load it with: source <(towtank completion zsh)
_towtank() {
  local curcontext="$curcontext" state line
  local -a commands
  commands=(
${listed.join('\n')}
    'help:show help for a command'
  )
  _arguments -C '(-h --help)'{-h,--help}'[show help]' '(-V --version)'{-V,--version}'[print the version]' '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
        help) _describe command commands ;;
      esac
      ;;
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _towtank "$@"; else compdef _towtank towtank; fi
`
}

function optionSpec({ short, long, description, value }: OptionEntry): string {
  const rest = quoted(`[${description.replace(/[[\]]/g, '')}]${value === null ? '' : `:${label(value)}:${action(value)}`}`)
  return short === null ? `'${long}'${rest}` : `'(${short} ${long})'{${short},${long}}${rest}`
}

function label({ kind }: Values): string {
  return kind === 'none' ? 'value' : kind === 'words' ? 'choice' : kind
}

function action(values: Values): string {
  switch (values.kind) {
    case 'none':
      return ' '
    case 'words':
      return `(${values.words.join(' ')})`
    case 'yaml':
      return '_files -g "*.(yaml|yml)"'
    case 'file':
      return '_files'
    case 'folder':
      return '_files -/'
  }
}

/** In single quotes; a colon within a description would end it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
