import { Argument, Command } from 'commander'
import { SHELL_NAMES, type Shell } from '../completion/shells.ts'
import { EXIT } from '../exit-codes.ts'
import { choiceOf } from './arguments.ts'
import type { CommandContext } from './command.ts'

export function completionCommand({ terminal, done }: CommandContext): Command {
  return new Command('completion')
    .description('print a script by which a shell completes commands, options, choices and files')
    .addArgument(new Argument('<shell>', SHELL_NAMES.join(', ')).choices(SHELL_NAMES).argParser(choiceOf(SHELL_NAMES)))
    .addHelpText(
      'after',
      `
Examples:
  $ towtank completion zsh > "\${fpath[1]}/_towtank"
  $ towtank completion fish > ~/.config/fish/completions/towtank.fish
  $ source <(towtank completion bash)`,
    )
    .action(async (shell: Shell, _options: object, command: Command) => {
      const { completionFor } = await import('../completion/index.ts')
      terminal.stdout.write(completionFor(shell, command.parent ?? command))
      done(EXIT.passed)
    })
}
