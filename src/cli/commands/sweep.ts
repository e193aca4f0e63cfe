import { availableParallelism } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import type { Shard } from '../../experiment/sweep/shard.ts'
import { LANGUAGE_CODES, type LanguageCode } from '../../scenario/story-language/codes.ts'
import { choice, notEmpty, queueOption, refuseWorkersWithQueue, wholeNumber } from './arguments.ts'
import { type CommandContext, EXIT_CODES } from './command.ts'

interface SweepOptions {
  readonly set?: readonly string[]
  readonly seeds?: number
  readonly seed?: readonly string[]
  /** false for --no-variants. */
  readonly variant?: readonly string[]
  readonly variants: boolean
  readonly measure?: readonly string[]
  readonly shard?: Shard
  readonly workers?: number
  readonly queue?: string
  readonly out?: string
  readonly lang: LanguageCode
  readonly json?: boolean
  readonly quiet?: boolean
}

export function sweepCommand(context: CommandContext): Command {
  return new Command('sweep')
    .description('run a scenario with many settings and seeds: a grid or a list of fields')
    .argument('<file>', 'sweep file, or scenario file')
    .option(
      '--set <setting>',
      "FIELD=VALUE,…: values of a field of a scenario, such as 'cluster.nodes[0].count=5,10,20'; may be repeated",
      another,
    )
    .option('--seeds <number>', 'how many seeds each combination is run with', wholeNumber(1, 10_000))
    .option('--seed <seed>', 'run each combination with this seed; may be repeated', another)
    .option('--variant <name>', 'run this variant of the compare block only; may be repeated', another)
    .option('--no-variants', 'run the scenario without its compare block')
    .option('--measure <pattern>', "keep these measures only, such as 'requests.latency.*'; may be repeated", another)
    .option(
      '--shard <part>',
      'part i of n as i/n: run that alone, for another machine to run the others; towtank merge brings them together',
      shard,
    )
    .option(
      '--workers <number>',
      'runs at once; the results do not depend on it (default: as many as there are processors)',
      wholeNumber(1, 256),
    )
    .addOption(queueOption())
    .option('-o, --out <folder>', 'where to write, and to go on from (default: results/<name>-sweep)')
    .addOption(choice('--lang <code>', 'language of the summary', LANGUAGE_CODES).default('en'))
    .option('--json', 'print the summary as JSON on stdout, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Writes a file for each cell as it ends, then sweep.csv, sweep-summary.csv and sweep.json. The same command goes on where an earlier one was stopped.

Examples:
  $ towtank sweep scenarios/sweeps/load-and-work.yaml
  $ towtank sweep scenarios/hello.yaml --set 'traffic[0].arrivals=poisson(100/s),poisson(400/s)' --seeds 10
  $ towtank sweep scenarios/sweeps/load-and-work.yaml --shard 1/3 --out results/part-1
  $ towtank sweep scenarios/sweeps/load-and-work.yaml --queue redis://localhost:6379

${EXIT_CODES}`,
    )
    .action(async (file: string, options: SweepOptions, command: Command) => {
      if (options.seeds !== undefined && options.seed !== undefined)
        command.error('Cannot use --seeds with --seed: one says how many, the other which')
      refuseWorkersWithQueue(command, options)
      if (!options.variants && options.variant !== undefined) command.error('Cannot use --variant with --no-variants')
      const twice = options.seed?.find((seed, index) => options.seed!.indexOf(seed) < index)
      if (twice !== undefined) command.error(`The seed "${twice}" is given twice: its runs would be the same`)
      const { startSweep } = await import('../sweep/start-sweep.ts')
      const order = {
        file,
        sets: options.set ?? [],
        seeds: options.seeds ?? options.seed ?? null,
        variants: options.variants ? (options.variant ?? null) : [],
        measures: options.measure ?? null,
        out: options.out ?? null,
        shard: options.shard ?? null,
        version: context.version,
      }
      context.done(await startSweep(order, { ...options, workers: options.workers ?? availableParallelism() }, context))
    })
}

/** One more of an option that may be repeated. */
function another(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, notEmpty(text)]
}

function shard(text: string): Shard {
  const match = /^(\d{1,5})\/(\d{1,5})$/.exec(text)
  const [index, count] = [Number(match?.[1] ?? 0), Number(match?.[2] ?? 0)]
  if (index >= 1 && index <= count) return { index, count }
  throw new InvalidArgumentError('Expected i/n with i from 1 to n, such as 2/3.')
}
