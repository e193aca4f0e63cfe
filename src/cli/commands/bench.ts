import { Command, Option } from 'commander'
import type { BenchOptions } from '../bench.ts'
import { BENCH_FOLDER } from '../default-folders.ts'
import { notEmpty } from './arguments.ts'
import type { CommandContext } from './command.ts'

export function benchCommand({ version, terminal, workerFile, done }: CommandContext): Command {
  return new Command('bench')
    .description('measure the proxy core: modes, schedulers, numbers of Services and endpoints')
    .option('--quick', 'the same points with less time for each: within a minute')
    .option('-s, --seed <seed>', 'seed of addresses, packets and connections (default: 0)', notEmpty)
    .option('-o, --out <folder>', `where to write (default: ${BENCH_FOLDER})`)
    .option('--json', 'print the summary as JSON on stdout, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addOption(new Option('--part <name>').hideHelp())
    .addHelpText(
      'after',
      `
Writes lookup.csv, first-packet.csv, pick.csv, update.csv, summary.csv, summary.json, lookup.svg and lookup.png.
Times are this machine's; the ratios in summary.csv and the checksums are what can be compared. A missed target does not change the exit code.

Examples:
  $ towtank bench --quick
  $ towtank bench --quick --json --quiet --out results/bench-here | jq '.ratios[] | {question, ratio, met}'`,
    )
    .action(async (options: BenchOptions) => {
      const { bench, benchPart, measureInProcess } = await import('../bench.ts')
      const measure = measureInProcess(options, workerFile)
      done(await (options.part === undefined ? bench(options, { terminal, version, measure }) : benchPart(options, terminal)))
    })
}
