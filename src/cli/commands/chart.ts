import { Command, InvalidArgumentError } from 'commander'
import { LANGUAGE_CODES } from '../../scenario/story-language/codes.ts'
import type { ChartOptions, Format } from '../chart/chart.ts'
import { choice, notEmpty, wholeNumber } from './arguments.ts'
import type { CommandContext } from './command.ts'

export function chartCommand({ terminal, done }: CommandContext): Command {
  return new Command('chart')
    .description('draw the tables of a run or a benchmark as SVG and PNG')
    .argument('<csv...>', 'CSV files, or folders of results, of which every chart that fits is drawn')
    .option('-k, --kind <kind>', 'only this kind of chart; may be repeated (default: all that fit)', several)
    .option('-o, --out <path>', 'a folder, or for one chart a file .svg or .png (default: beside the tables, in FOLDER-charts)', notEmpty)
    .option('--format <formats>', 'svg, png, or both with a comma', formats, ['svg', 'png'])
    .addOption(choice('--theme <theme>', 'colours', ['light', 'dark', 'print']).default('light'))
    .addOption(choice('--lang <code>', 'language of the words', LANGUAGE_CODES).default('en'))
    .option('--width <pixels>', 'width of the picture; a PNG has twice as many', wholeNumber(320, 4000), 900)
    .option('--height <pixels>', 'height (default: what suits the chart)', wholeNumber(240, 4000))
    .option('--variant <name>', 'only this variant; may be repeated', several)
    .option('--traffic <name>', 'the traffic to draw (default: the one with the most requests)', notEmpty)
    .option('--json', 'print what was drawn as JSON on stdout, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Which chart a table gives is told by its columns. Commands, rollouts and faults of events.csv beside it are marked. A file that is there and
not a chart of Towtank is never replaced. The kinds are in docs/how-to/charts.md.

Examples:
  $ towtank chart results/rollout-under-load
  $ towtank chart results/rollout-under-load/requests.csv --kind failed --out failed.svg
  $ towtank chart results/bench/first-packet.csv --theme dark --format png`,
    )
    .action(async (paths: string[], options: ChartOptions) => {
      const { chart } = await import('../chart/chart.ts')
      done(await chart(paths, options, terminal))
    })
}

function several(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), notEmpty(text)]
}

function formats(text: string): readonly Format[] {
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) if (name !== 'svg' && name !== 'png') throw new InvalidArgumentError('Expected svg, png or svg,png.')
  return [...new Set(names)] as Format[]
}
