import type { CommandEntry, Values } from './command-tree.ts'

/** A completion function for bash 3.2 and later, without the package bash-completion. */
export function bashCompletion(commands: readonly CommandEntry[]): string {
  const names = commands.map(({ name }) => name).join(' ')
  const values = commands.flatMap(({ name, options }) =>
    options.flatMap(({ short, long, value }) => {
      if (value === null) return []
      const patterns = [long, ...(short === null ? [] : [short])].map((flag) => `${name}:${flag}`).join(' | ')
      return [`    ${patterns}) ${reply(value)}; return ;;`]
    }),
  )
  const options = commands.map(
    ({ name, options: own }) =>
      `      ${name}) words='${own.flatMap(({ long, short }) => [long, ...(short === null ? [] : [short])]).join(' ')}' ;;`,
  )
  const args = commands.map(({ name, argument }) => `    ${name}) ${reply(argument)} ;;`)
  return `# bash completion for towtank. Load it with: source <(towtank completion bash)
_towtank_words() {
  local IFS=$' \\t\\n'
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}
_towtank_paths() {
  local IFS=$'\\n' path
  COMPREPLY=()
  compopt -o filenames 2>/dev/null
  for path in $(compgen -f -- "$cur"); do
    if [[ -d $path || $1 == all || ($1 == yaml && $path =~ \\.ya?ml$) ]]; then COMPREPLY+=("$path"); fi
  done
}
_towtank() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} command='' words='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -*) ;; *) command=\${COMP_WORDS[i]}; break ;; esac
  done
  case $command:$prev in
${values.join('\n')}
  esac
  if [[ $cur == -* ]]; then
    case $command in
${options.join('\n')}
      '') words='--help -h --version -V' ;;
    esac
    _towtank_words "$words"
    return
  fi
  case $command in
    '') _towtank_words '${names} help' ;;
    help) _towtank_words '${names}' ;;
${args.join('\n')}
  esac
}
complete -F _towtank towtank
`
}

function reply(values: Values): string {
  switch (values.kind) {
    case 'none':
      return ':'
    case 'words':
      return `_towtank_words '${values.words.join(' ')}'`
    case 'yaml':
      return '_towtank_paths yaml'
    case 'file':
      return '_towtank_paths all'
    case 'folder':
      return '_towtank_paths folder'
  }
}
