import { Command } from 'commander'
import { RAW_FORMATS, type RawFormat } from '../../report/raw/index.ts'
import { LANGUAGE_CODES, type LanguageCode } from '../../scenario/story-language/codes.ts'
import { choice, notEmpty, wholeNumber } from './arguments.ts'
import { type CommandContext, EXIT_CODES, startJob } from './command.ts'

interface RunOptions {
  readonly seed?: string
  readonly out?: string
  readonly report?: boolean
  readonly samples?: number
  readonly raw?: RawFormat
  readonly traces?: boolean
  readonly lang: LanguageCode
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Enough to see what is typical and what is not, few enough to find one's way; a page shows fewer than a trace. */
const TRACED_SAMPLES = 5
const REPORTED_SAMPLES = 3

export function runCommand(context: CommandContext): Command {
  return new Command('run')
    .description('run scenarios and write their results')
    .argument('<file...>', 'scenario files')
    .option('-s, --seed <seed>', 'seed of all random numbers, instead of the one in the file', notEmpty)
    .option(
      '-o, --out <folder>',
      'where to write; with several files, each in a folder of its own in there (default: results/<scenario name>)',
    )
    .option(
      '--report',
      `write report.html too, the result as a page for the browser; keeps ${REPORTED_SAMPLES} samples unless --samples says otherwise`,
    )
    .option(
      '--samples <number>',
      'keep requests step by step: of each traffic so many spread over time, of the slowest, and of each cause of failure',
      wholeNumber(1, 1000),
    )
    .addOption(choice('--raw <format>', 'write every request as a row of requests-raw.csv or requests-raw.parquet', RAW_FORMATS))
    .option(
      '--traces',
      `also write trace.json for Perfetto, otlp.json and metrics.prom; keeps ${TRACED_SAMPLES} samples unless --samples says otherwise`,
    )
    .addOption(choice('--lang <code>', 'language of the summary and of the report', LANGUAGE_CODES).default('en'))
    .option('--json', 'print the summary as JSON on stdout, one line a scenario, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Writes requests.csv, latency.csv, objects.csv, proxy.csv, pods.csv, nodes.csv, connections.csv, failures.csv, events.csv, parameters.csv and summary.json, all or none of them; with --samples, --report or --traces also samples.csv, with --raw requests-raw.csv or .parquet, and with --report the report.html that "towtank report" makes. An earlier result in the folder is replaced.

Examples:
  $ towtank run scenarios/rollout-under-load.yaml
  $ towtank run scenarios/rollout-under-load.yaml --seed 7 --out results/seed-7
  $ towtank run scenarios/rollout-under-load.yaml --traces
  $ towtank run scenarios/rollout-under-load.yaml --json --quiet | jq '.variants[].traffic'

${EXIT_CODES}`,
    )
    .action(async (files: string[], options: RunOptions) => {
      const { seed = null, out = null, raw = null, traces = false } = options
      const report = options.report === true ? options.lang : null
      const samples = options.samples ?? (traces ? TRACED_SAMPLES : report === null ? null : REPORTED_SAMPLES)
      const job = { kind: 'run', files, seed, out, report, samples, raw, traces, version: context.version } as const
      await startJob(context, job, options)
    })
}
