import { Command } from 'commander'
import { LANGUAGE_CODES, type LanguageCode } from '../../scenario/story-language/codes.ts'
import { choice } from './arguments.ts'
import type { CommandContext } from './command.ts'
import { EXIT_CODES } from './command.ts'

interface MergeOptions {
  readonly out: string
  readonly partial?: boolean
  readonly lang: LanguageCode
  readonly json?: boolean
  readonly quiet?: boolean
}

export function mergeCommand(context: CommandContext): Command {
  return new Command('merge')
    .description('bring the parts of a sweep together that towtank sweep --shard has made')
    .argument('<folder...>', 'results folders of the parts')
    .requiredOption('-o, --out <folder>', 'where to write')
    .option('--partial', 'write tables also where cells are missing')
    .addOption(choice('--lang <code>', 'language of the summary', LANGUAGE_CODES).default('en'))
    .option('--json', 'print the summary as JSON on stdout, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Writes what one machine would have written. The folders of the parts stay as they are.

Examples:
  $ towtank merge results/part-1 results/part-2 results/part-3 --out results/whole
  $ towtank merge results/part-* --out results/so-far --partial

${EXIT_CODES}`,
    )
    .action(async (folders: string[], options: MergeOptions) => {
      const [{ mergeJob }, { SweepScreen }] = await Promise.all([import('../sweep/merge-job.ts'), import('../sweep/sweep-screen.ts')])
      const screen = new SweepScreen(options, context.terminal)
      const { out, partial = false } = options
      context.done(mergeJob({ folders, out, partial }, (event) => screen.show(event)))
    })
}
