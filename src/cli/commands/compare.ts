import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { LANGUAGE_CODES, type LanguageCode } from '../../scenario/story-language/codes.ts'
import type { CompareJob } from '../jobs.ts'
import { choice, notEmpty, queueOption, refuseWorkersWithQueue, wholeNumber } from './arguments.ts'
import { type CommandContext, startJob } from './command.ts'

interface CompareOptions {
  readonly variants?: readonly [string, string]
  readonly replications?: number
  readonly tolerance?: readonly string[]
  readonly workers?: number
  readonly queue?: string
  readonly seed?: string
  readonly out?: string
  readonly markdown?: string
  readonly junit?: string
  readonly report?: boolean
  readonly lang: LanguageCode
  readonly json?: boolean
  readonly quiet?: boolean
}

/**
 * Ranks of 12 pairs can have p = 2/2^12 = 0.0005, which survives the correction for 100 metrics. With fewer, differences that are not normal could
 * not be found among so many.
 */
const COMPARE_REPLICATIONS = 12

export function compareCommand(context: CommandContext): Command {
  return new Command('compare')
    .description('say what differs between two results, or between two scenarios over many seeds, and whether that is chance')
    .argument('<a>', 'a result folder or a scenario file, with #VARIANT or without')
    .argument('[b]', 'what is compared with it; left out with --variants')
    .addOption(
      new Option('--variants <names>', 'compare two variants of the one scenario or result, such as iptables,ipvs').argParser(
        (text): readonly [string, string] => {
          const names = text.split(',').map((name) => name.trim())
          if (names.length === 2 && names.every((name) => name !== '')) return [names[0]!, names[1]!]
          throw new InvalidArgumentError('Expected two names, such as iptables,ipvs.')
        },
      ),
    )
    .option(
      '--replications <number>',
      `runs of each scenario, the same seeds on both sides (default: ${COMPARE_REPLICATIONS})`,
      wholeNumber(1, 10_000),
    )
    .option(
      '--tolerance <tolerance>',
      'how much worse B may be: 5%, or METRIC=5%, METRIC{traffic=NAME}=10ms; may be repeated',
      (text: string, earlier: readonly string[] = []) => [...earlier, notEmpty(text)],
    )
    .option(
      '--workers <number>',
      'runs at once; the results do not depend on it (default: as many as there are processors)',
      wholeNumber(1, 256),
    )
    .addOption(queueOption())
    .option('-s, --seed <seed>', 'seed of all random numbers, instead of the one of A', notEmpty)
    .option('-o, --out <folder>', 'where to write (default: results/<scenario name of B>-compare)')
    .option('--markdown <file>', 'write the comparison as Markdown, for a pull request', notEmpty)
    .option('--junit <file>', 'write the comparison as JUnit XML', notEmpty)
    .option('--report', 'write report.html too, the comparison as a page for the browser')
    .addOption(choice('--lang <code>', 'language of the text and of the report', LANGUAGE_CODES).default('en'))
    .option('--json', 'print the comparison as JSON on stdout, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Writes compare.json and compare.csv, all or none of them; with --report also the report.html that "towtank report" makes.
Exits with 99 when a metric is worse than its tolerance allows, and that is not chance. Without --tolerance nothing is judged, and it exits with 0.

Examples:
  $ towtank compare scenarios/rollout-under-load.yaml --variants iptables,ipvs --report
  $ towtank compare before.yaml after.yaml --tolerance 5% --markdown compare.md --junit compare.xml
  $ towtank compare results/before results/after --tolerance requests.latency.p99=10ms
  $ towtank compare before.yaml#ipvs after.yaml#nftables --replications 30 --json --quiet | jq '.metrics[0]'`,
    )
    .action(async (first: string, second: string | undefined, options: CompareOptions, command: Command) => {
      const { variants, seed = null, queue = null, out = null, markdown = null, junit = null, lang: language } = options
      if (variants !== undefined && second !== undefined)
        command.error('Cannot use --variants with two inputs: write FILE#VARIANT for each')
      if (variants === undefined && second === undefined)
        command.error('Nothing to compare with: expected a second result folder or scenario file, or --variants A,B')
      refuseWorkersWithQueue(command, options)
      const [a, b] = variants === undefined ? [first, second!] : [`${first}#${variants[0]}`, `${first}#${variants[1]}`]
      const replications = options.replications ?? COMPARE_REPLICATIONS
      const workers = options.workers ?? availableParallelism()
      const tolerances = options.tolerance ?? []
      const files = { out, markdown, junit, report: options.report === true, language, version: context.version }
      const job: CompareJob = { kind: 'compare', a, b, replications, tolerances, seed, workers, queue, ...files }
      await startJob(context, job, options)
    })
}
