import { Command } from 'commander'
import { EXIT } from '../exit-codes.ts'
import { TEMPLATE_NAMES, type TemplateName } from '../init/templates/names.ts'
import { choice } from './arguments.ts'
import type { CommandContext } from './command.ts'

const DEFAULT_FOLDER = 'towtank-demo'

export function initCommand({ terminal, done }: CommandContext): Command {
  return new Command('init')
    .description('write a folder with a scenario that runs, to start from')
    .argument('[folder]', `a folder that is new or empty (default: ${DEFAULT_FOLDER})`)
    .addOption(choice('--template <name>', `which example (default: ${TEMPLATE_NAMES[0]})`, TEMPLATE_NAMES))
    .option('-q, --quiet', 'print mistakes only')
    .addHelpText(
      'after',
      `
Writes scenario.yaml, manifests/, scenario.schema.json (for editors), README.md and .gitignore. Nothing is ever overwritten. In a terminal and without
arguments it asks.

Examples:
  $ towtank init
  $ towtank init demo --template rollout && cd demo && towtank run scenario.yaml`,
    )
    .action(async (folder: string | undefined, options: { readonly template?: TemplateName; readonly quiet?: boolean }) => {
      const { init } = await import('../init/init.ts')
      const unasked = folder === undefined && Object.keys(options).length === 0
      if (unasked && process.stdin.isTTY === true && terminal.stdout.isTTY === true) {
        const { ask } = await import('../init/ask.ts')
        const answer = await ask(DEFAULT_FOLDER)
        done(answer === null ? EXIT.interrupted : init(answer, terminal))
        return
      }
      done(init({ ...options, folder: folder ?? DEFAULT_FOLDER, template: options.template ?? TEMPLATE_NAMES[0] }, terminal))
    })
}
