import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { type LanguageCode, STORY_LANGUAGES } from '../scenario/story-language/index.ts'
import { type BenchOptions, bench, benchPart, DEFAULT_OUT, measureInProcess } from './bench.ts'
import { diskFiles } from './disk-files.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { JobScreen } from './job-screen.ts'
import { startJob } from './start-job.ts'
import type { Terminal } from './terminal.ts'
import { type ValidateOptions, validate } from './validate.ts'

export interface ProgramOptions {
  readonly version: string
  readonly terminal: Terminal
  /** The entry file, which also is what a worker thread starts with. */
  readonly workerFile: string
}

interface RunOptions {
  readonly seed?: string
  readonly out?: string
  readonly json?: boolean
  readonly quiet?: boolean
}

interface TraceOptions extends Omit<RunOptions, 'out'> {
  readonly namespace?: string
  readonly variant?: string
  readonly all?: boolean
  readonly lang: LanguageCode
}

const EXIT_CODES = `Exit codes:
  0    passed
  99   a threshold failed
  2    the input or the command line is wrong; every mistake is shown with file, line and column
  70   a bug in Towtank
  130  interrupted; what was finished is written, and nothing by halves`

/** Runs the command line and gives the exit code. */
export async function main(argv: readonly string[], options: ProgramOptions): Promise<ExitCode> {
  let code: ExitCode = EXIT.passed
  const program = buildProgram(options, (result) => {
    code = result
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.passed : EXIT.wrongInput
    throw error
  }
}

function buildProgram({ version, terminal, workerFile }: ProgramOptions, done: (code: ExitCode) => void): Command {
  const program = new Command('towtank')
    .description(
      'Tries a Kubernetes cluster on a model: what your manifests, traffic and faults will do to latency, errors and propagation.',
    )
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help for a command')
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.stdout.write(text), writeErr: (text) => terminal.stderr.write(text) })
    .showHelpAfterError('(add --help for help)')
    .addHelpText(
      'after',
      `\nExamples:\n  $ towtank run scenarios/rollout-under-load.yaml\n  $ towtank validate scenarios/*.yaml\n  $ towtank trace scenarios/rollout-under-load.yaml deployment/frontend\n\n${EXIT_CODES}`,
    )

  program
    .command('run')
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
Writes requests.csv, objects.csv, proxy.csv, pods.csv and summary.json, all or none of them. An earlier result in the folder is replaced.

Examples:
  $ towtank run scenarios/rollout-under-load.yaml
  $ towtank run scenarios/rollout-under-load.yaml --seed 7 --out results/seed-7
  $ towtank run scenarios/rollout-under-load.yaml --json --quiet | jq '.variants[].traffic'

${EXIT_CODES}`,
    )
    .action(async (files: string[], options: RunOptions) => {
      const job = { kind: 'run', files, seed: options.seed ?? null, out: options.out ?? null, version } as const
      done(await startJob(job, new JobScreen(options, terminal), workerFile))
    })

  program
    .command('validate')
    .description('check scenarios and everything they refer to, without running them')
    .argument('<file...>', 'scenario files')
    .option('--json', 'print what was found as JSON on stdout')
    .option('-q, --quiet', 'print mistakes only')
    .addHelpText(
      'after',
      `\nExamples:\n  $ towtank validate scenarios/rollout-under-load.yaml\n  $ towtank validate scenarios/*.yaml --json --quiet`,
    )
    .action(async (files: string[], options: ValidateOptions) => {
      done(await validate(files, options, terminal, diskFiles))
    })

  program
    .command('trace')
    .description('run a scenario and tell the story of one object: every hop, with its cause')
    .argument('<file>', 'scenario file')
    .argument('<object>', 'KIND/NAME, such as deployment/frontend or pod/frontend-5d8f7c-x2x7k')
    .option('-n, --namespace <namespace>', 'namespace of the object, where its name alone does not say which is meant', notEmpty)
    .option('--variant <name>', 'the variant to run (default: the first)', notEmpty)
    .option('-s, --seed <seed>', 'seed of all random numbers, instead of the one in the file', notEmpty)
    .option('--all', 'tell every hop, also of pods that go the same way as another')
    .addOption(new Option('--lang <code>', 'language of the story').choices(Object.keys(STORY_LANGUAGES)).default('en'))
    .option('--json', 'print the story as JSON')
    .option('-q, --quiet', 'print the story and mistakes only')
    .addHelpText(
      'after',
      `\nExamples:\n  $ towtank trace scenarios/rollout-under-load.yaml deployment/frontend\n  $ towtank trace scenarios/rollout-under-load.yaml svc/frontend -n shop --variant iptables\n  $ towtank trace scenarios/rollout-under-load.yaml deployment/frontend --lang zh`,
    )
    .action(async (file: string, object: string, options: TraceOptions) => {
      const { namespace = null, variant = null, seed = null, all = false, lang } = options
      const job = { kind: 'trace', file, object, namespace, variant, seed, all, language: lang } as const
      done(await startJob(job, new JobScreen(options, terminal), workerFile))
    })

  program
    .command('bench')
    .description('measure the proxy core: modes, schedulers, numbers of Services and endpoints')
    .option('--quick', 'the same points with less time for each: within a minute')
    .option('-s, --seed <seed>', 'seed of addresses, packets and connections (default: 0)', notEmpty)
    .option('-o, --out <folder>', `where to write (default: ${DEFAULT_OUT})`)
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
      const measure = measureInProcess(options, workerFile)
      done(await (options.part === undefined ? bench(options, { terminal, version, measure }) : benchPart(options, terminal)))
    })

  return program
}

function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.')
  return text
}
