import { availableParallelism, hostname } from 'node:os'
import { Command, Option } from 'commander'
import { MILLISECOND, type Nanos, SECOND } from '../../units.ts'
import { duration, notEmpty, queueAddress, wholeNumber } from './arguments.ts'
import { type CommandContext, EXIT_CODES } from './command.ts'

interface WorkerOptions {
  readonly queue: string
  readonly concurrency?: number
  readonly name?: string
  readonly drain?: boolean
  readonly grace: Nanos
  readonly lostAfter: Nanos
  readonly json?: boolean
  readonly quiet?: boolean
}

/** Below the 30 s that Kubernetes gives a pod to end. */
const GRACE = 25 * SECOND

/** As BullMQ has it. */
const LOST_AFTER = 30 * SECOND

export function workerCommand(context: CommandContext): Command {
  return new Command('worker')
    .description('do the runs that sweep, compare and rollout put into a queue with --queue')
    .addOption(
      new Option('--queue <url>', 'redis://HOST:PORT of the queue').env('TOWTANK_QUEUE').argParser(queueAddress).makeOptionMandatory(),
    )
    .option('--concurrency <number>', 'runs at once (default: as many as there are processors)', wholeNumber(1, 256))
    .option('--name <name>', 'what the worker is called (default: the name of the machine and the number of the process)', notEmpty)
    .option('--drain', 'end when nothing is to be done and nobody is there who could ask for more')
    .addOption(
      new Option('--grace <time>', 'how long runs may go on after SIGTERM or Ctrl-C before they are given back')
        .argParser(duration)
        .default(GRACE, '25s'),
    )
    .addOption(
      new Option('--lost-after <time>', 'who has not been heard of for so long is taken to be gone, and others do his runs; from 1s')
        .argParser(duration)
        .default(LOST_AFTER, '30s'),
    )
    .option('--json', 'print what was done as JSON on stdout at the end, and text on stderr')
    .option('-q, --quiet', 'print mistakes only (and the JSON that --json asks for)')
    .addHelpText(
      'after',
      `
Works until SIGTERM or Ctrl-C, which let what is under way end; a second one gives it back at once. Nothing is written.
Every worker must have the same version as the command that asks. The queue needs the packages bullmq and ioredis.

Examples:
  $ towtank worker --queue redis://queue.example:6379
  $ towtank worker --queue redis://localhost:6379 --concurrency 2 --drain

${EXIT_CODES}`,
    )
    .action(async (options: WorkerOptions, command: Command) => {
      if (options.lostAfter < SECOND) command.error('Cannot use --lost-after below 1s: expected a time from 1s')
      const { startWorker } = await import('../queue/start-worker.ts')
      const order = {
        url: options.queue,
        name: options.name ?? `${hostname()}-${process.pid}`,
        concurrency: options.concurrency ?? availableParallelism(),
        drain: options.drain ?? false,
        lostAfterMs: Math.round(options.lostAfter / MILLISECOND),
        graceMs: Math.round(options.grace / MILLISECOND),
        version: context.version,
      }
      context.done(await startWorker(order, options, context))
    })
}
