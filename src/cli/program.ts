import { availableParallelism } from 'node:os'
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { parseDuration } from '../scenario/parse-duration.ts'
import { type LanguageCode, STORY_LANGUAGES } from '../scenario/story-language/index.ts'
import { type Nanos, SECOND } from '../units.ts'
import { type BenchOptions, bench, benchPart, DEFAULT_OUT, measureInProcess } from './bench.ts'
import { diskFiles } from './disk-files.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { JobScreen } from './job-screen.ts'
import type { RolloutJob } from './jobs.ts'
import { startJob } from './start-job.ts'
import type { Terminal } from './terminal.ts'
import { type ValidateOptions, validate } from './validate.ts'

export interface ProgramOptions {
  readonly version: string
  readonly terminal: Terminal
  /** The entry file, which also is what a worker thread starts with. */
  readonly workerFile: string
  /** Does the job of `rollout`; in a thread when left out. */
  readonly startRollout?: (job: RolloutJob) => Promise<ExitCode>
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

interface RolloutOptions extends RunOptions {
  readonly object?: string
  readonly restart?: string
  readonly at?: Nanos
  readonly variant?: string
  readonly replications?: number
  readonly limit?: number
  readonly workers?: number
}

const EXIT_CODES = `Exit codes:
  0    passed
  99   a threshold failed, or a fault never took effect
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

function buildProgram({ version, terminal, workerFile, startRollout }: ProgramOptions, done: (code: ExitCode) => void): Command {
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
Writes requests.csv, objects.csv, proxy.csv, pods.csv, nodes.csv, failures.csv and summary.json, all or none of them. An earlier result in the folder is replaced.

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
    .command('rollout')
    .description('say what a rolling update loses and why, and the smallest preStop sleep and minReadySeconds that lose nothing')
    .argument('<file>', 'scenario file')
    .option('--object <object>', 'KIND/NAME of the rolling update that is meant, where the timeline has several', notEmpty)
    .option('--restart <object>', 'restart KIND/NAME instead of what the timeline rolls out', notEmpty)
    .option('--at <time>', 'when --restart restarts it (default: 60s)', duration)
    .option('--variant <name>', 'the variant to run (default: the first)', notEmpty)
    .option(
      '--replications <number>',
      `runs of each setting, each with its own seed (default: ${ROLLOUT_REPLICATIONS})`,
      wholeNumber(2, 10_000),
    )
    .option('--limit <seconds>', `no sleep and no minReadySeconds above it is tried (default: ${ROLLOUT_LIMIT})`, wholeNumber(1, 3600))
    .option(
      '--workers <number>',
      'runs at once; the results do not depend on it (default: as many as there are processors)',
      wholeNumber(1, 256),
    )
    .option('-s, --seed <seed>', 'seed of all random numbers, instead of the one in the file', notEmpty)
    .option('-o, --out <folder>', 'where to write (default: results/<scenario name>-rollout)')
    .option('--json', 'print the summary as JSON on stdout, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Writes rollout.csv, patch.yaml and summary.json, all or none of them; patch.yaml where there is something to patch.
Exits with 0 when nothing is lost or a patch was found, and with 99 when no setting up to the limit loses nothing.

Examples:
  $ towtank rollout scenarios/rollout-under-load.yaml
  $ towtank rollout scenarios/hello.yaml --restart deployment/hello --at 45s
  $ towtank rollout scenarios/rollout-under-load.yaml --variant ipvs --json --quiet | jq '.withPatch.preStopSeconds'`,
    )
    .action(async (file: string, options: RolloutOptions) => {
      const { object = null, restart = null, variant = null, seed = null, out = null } = options
      if (object !== null && restart !== null) program.error('Cannot use --object with --restart: that names the object itself')
      if (options.at !== undefined && restart === null) program.error('Cannot use --at without --restart')
      const at = options.at ?? 60 * SECOND
      const replications = options.replications ?? ROLLOUT_REPLICATIONS
      const limitSeconds = options.limit ?? ROLLOUT_LIMIT
      const workers = options.workers ?? availableParallelism()
      const job = { kind: 'rollout', file, object, restart, at, variant, seed, out, replications, limitSeconds, workers, version } as const
      done(await (startRollout?.(job) ?? startJob(job, new JobScreen(options, terminal), workerFile)))
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

/** None of 29 rollouts losing a request says at 95 % that fewer than one in ten does: 0.9^29 = 0.047. */
const ROLLOUT_REPLICATIONS = 29

/** Seconds. Twice the default grace period of a pod. */
const ROLLOUT_LIMIT = 60

function duration(text: string): Nanos {
  const read = parseDuration(text)
  if (read.ok) return read.value
  throw new InvalidArgumentError(`${read.complaint.message}.`)
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (value >= least && value <= most) return value
    throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`)
  }
}

function notEmpty(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.')
  return text
}
