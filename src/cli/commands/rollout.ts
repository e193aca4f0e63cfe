import { availableParallelism } from 'node:os'
import { Command } from 'commander'
import { LANGUAGE_CODES, type LanguageCode } from '../../scenario/story-language/codes.ts'
import { type Nanos, SECOND } from '../../units.ts'
import type { RolloutJob } from '../jobs.ts'
import { choice, duration, notEmpty, queueOption, refuseWorkersWithQueue, wholeNumber } from './arguments.ts'
import { type CommandContext, startJob } from './command.ts'

interface RolloutOptions {
  readonly object?: string
  readonly restart?: string
  readonly at?: Nanos
  readonly variant?: string
  readonly replications?: number
  readonly limit?: number
  readonly workers?: number
  readonly queue?: string
  readonly seed?: string
  readonly out?: string
  readonly lang: LanguageCode
  readonly json?: boolean
  readonly quiet?: boolean
}

/** None of 29 rollouts losing a request says at 95 % that fewer than one in ten does: 0.9^29 = 0.047. */
const ROLLOUT_REPLICATIONS = 29

/** Seconds. Twice the default grace period of a pod. */
const ROLLOUT_LIMIT = 60

export function rolloutCommand(context: CommandContext): Command {
  return new Command('rollout')
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
    .addOption(queueOption())
    .option('-s, --seed <seed>', 'seed of all random numbers, instead of the one in the file', notEmpty)
    .option('-o, --out <folder>', 'where to write (default: results/<scenario name>-rollout)')
    .addOption(choice('--lang <code>', 'language of the summary', LANGUAGE_CODES).default('en'))
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
    .action(async (file: string, options: RolloutOptions, command: Command) => {
      const { object = null, restart = null, variant = null, seed = null, queue = null, out = null } = options
      if (object !== null && restart !== null) command.error('Cannot use --object with --restart: that names the object itself')
      if (options.at !== undefined && restart === null) command.error('Cannot use --at without --restart')
      refuseWorkersWithQueue(command, options)
      const at = options.at ?? 60 * SECOND
      const replications = options.replications ?? ROLLOUT_REPLICATIONS
      const limitSeconds = options.limit ?? ROLLOUT_LIMIT
      const workers = options.workers ?? availableParallelism()
      const search = { object, restart, at, variant, seed, replications, limitSeconds, workers, queue }
      const job: RolloutJob = { kind: 'rollout', file, ...search, out, version: context.version }
      await startJob(context, job, options)
    })
}
