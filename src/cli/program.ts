import { Command, CommanderError } from 'commander'
import { type CommandContext, EXIT_CODES } from './commands/command.ts'
import { COMMANDS } from './commands/index.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'

export type ProgramOptions = Omit<CommandContext, 'done'>

/** What the program says when it is given nothing to do. */
const START = `Towtank tries a Kubernetes cluster on a model. To start:

  $ towtank init demo                    write a folder with a scenario that runs
  $ cd demo && towtank run scenario.yaml run it, and say what happened
  $ towtank --help                       every command
`

/** Runs the command line and gives the exit code. */
export async function main(argv: readonly string[], options: ProgramOptions): Promise<ExitCode> {
  let code: ExitCode = EXIT.passed
  const done = (result: ExitCode): void => {
    code = result
  }
  const { terminal } = options
  const [first] = argv
  if (first === undefined) {
    terminal.stdout.write(START)
    return EXIT.passed
  }
  if (/\.(ya?ml|json)$/i.test(first) && !first.startsWith('-')) {
    terminal.stderr.write(`error: "${first}" is a file and not a command\n(Did you mean towtank run ${first}?)\n(add --help for help)\n`)
    return EXIT.wrongInput
  }
  try {
    await buildProgram({ ...options, done }).parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.wrongInput
    const { systemRefusal } = await import('./system-refusal.ts')
    const reason = systemRefusal(error)
    if (reason === null) throw error
    terminal.stderr.write(`${reason}\n`)
    return EXIT.wrongInput
  }
}

/** The whole command line, with everything that its help knows. */
export function buildProgram(context: CommandContext): Command {
  const { version, terminal } = context
  const program = new Command('towtank')
    .description(
      'Tries a Kubernetes cluster on a model: what your manifests, traffic and faults will do to latency, errors and propagation.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.stdout.write(text), writeErr: (text) => terminal.stderr.write(text) })
    .showHelpAfterError('(add --help for help)')
    .addHelpText(
      'after',
      `\nExamples:\n  $ towtank run scenarios/rollout-under-load.yaml\n  $ towtank validate scenarios/*.yaml\n  $ towtank trace scenarios/rollout-under-load.yaml deployment/frontend\n\n${EXIT_CODES}`,
    )
  for (const define of COMMANDS) program.addCommand(define(context).copyInheritedSettings(program))
  return program
}
