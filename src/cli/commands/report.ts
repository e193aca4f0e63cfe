import { Command } from 'commander'
import { LANGUAGE_CODES } from '../../scenario/story-language/codes.ts'
import type { ReportOptions } from '../report.ts'
import { choice, notEmpty } from './arguments.ts'
import type { CommandContext } from './command.ts'

export function reportCommand({ terminal, workerFile, parts, done }: CommandContext): Command {
  return new Command('report')
    .description('make one HTML file of a result or a comparison: verdict, differences with intervals, charts, timeline, stories')
    .argument('<folder>', 'folder that "towtank run" or "towtank compare" wrote, such as results/hello')
    .option('-o, --out <file>', 'where to write (default: report.html in the folder)', notEmpty)
    .option(
      '--comparison <folder>',
      'show the intervals of this folder of "towtank compare" in the table of variants; may be repeated',
      (text: string, earlier: readonly string[] = []) => [...earlier, notEmpty(text)],
    )
    .addOption(choice('--lang <code>', 'language of the page', LANGUAGE_CODES).default('en'))
    .option('--json', 'print what was written as JSON on stdout')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
The page needs no network and no other file. The same result gives the same bytes.

Examples:
  $ towtank report results/rollout-under-load
  $ towtank report results/rollout-under-load --comparison results/rollout-under-load-compare
  $ towtank report results/rollout-under-load --lang zh --out report-zh.html`,
    )
    .action(async (folder: string, options: ReportOptions) => {
      const [{ report }, { reportClient }] = await Promise.all([import('../report.ts'), import('../report-client.ts')])
      done(await report(folder, options, terminal, parts?.reportClient ?? (() => reportClient(workerFile))))
    })
}
