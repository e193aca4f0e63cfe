import { Command } from 'commander'
import { notEmpty } from './arguments.ts'
import { type CommandContext, EXIT_CODES, startJob } from './command.ts'

interface RunOptions {
  readonly seed?: string
  readonly out?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

export function runCommand(context: CommandContext): Command {
  return new Command('run')
    .description('run scenarios and write their results')
    .argument('<file...>', 'scenario files')
    .option('-s, --seed <seed>', 'seed of all random numbers, instead of the one in the file', notEmpty)
    .option(
      '-o, --out <folder>',
      'where to write; with several files, each in a folder of its own in there (default: results/<scenario name>)',
    )
    .option('--json', 'print the summary as JSON on stdout, one line a scenario, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Writes requests.csv, latency.csv, objects.csv, proxy.csv, pods.csv, nodes.csv, connections.csv, failures.csv, events.csv, parameters.csv and summary.json, all or none of them. An earlier result in the folder is replaced.

Examples:
  $ towtank run scenarios/rollout-under-load.yaml
  $ towtank run scenarios/rollout-under-load.yaml --seed 7 --out results/seed-7
  $ towtank run scenarios/rollout-under-load.yaml --json --quiet | jq '.variants[].traffic'

${EXIT_CODES}`,
    )
    .action(async (files: string[], options: RunOptions) => {
      const job = { kind: 'run', files, seed: options.seed ?? null, out: options.out ?? null, version: context.version } as const
      await startJob(context, job, options)
    })
}
