import type { Command } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import type { ScreenOptions } from '../job-screen.ts'
import type { Job } from '../jobs.ts'
import type { CellPool } from '../pool/cell-pool.ts'
import type { Terminal } from '../terminal.ts'

/** What commands otherwise take from the files of the built program; for tests. */
export interface BuiltParts {
  readonly cells: () => CellPool
  /** The script of reports. */
  readonly reportClient: () => string
}

/** What a command may use. */
export interface CommandContext {
  readonly version: string
  readonly terminal: Terminal
  /** The entry file, which also is what a worker thread starts with. */
  readonly workerFile: string
  /** Does a job in place of {@link startJob}'s thread; for tests. */
  readonly doJob?: (job: Job, options: ScreenOptions) => Promise<ExitCode>
  readonly parts?: BuiltParts
  /** Told the exit code once, at the end of the command's action. */
  readonly done: (code: ExitCode) => void
}

/**
 * One command of the command line: its arguments, options and help, which are cheap to have, and an action that imports what it needs when it is
 * called. So that `towtank --help` need not load a simulator.
 */
export type CommandDefinition = (context: CommandContext) => Command

/** Does the command's work in a thread of its own and shows what it tells. */
export async function startJob(context: CommandContext, job: Job, options: ScreenOptions): Promise<void> {
  const { doJob, done, terminal, workerFile } = context
  if (doJob !== undefined) return done(await doJob(job, options))
  const { startJob: start } = await import('../start-job.ts')
  const loadScreen = async () => {
    const { JobScreen } = await import('../job-screen.ts')
    return new JobScreen(options, terminal)
  }
  done(await start(job, loadScreen, workerFile))
}

export const EXIT_CODES = `Exit codes:
  0    passed
  99   a threshold failed, or a fault never took effect
  2    the input or the command line is wrong; every mistake is shown with file, line and column
  70   a bug in Towtank
  130  interrupted; what was finished is written, and nothing by halves`
