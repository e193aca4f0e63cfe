import type { CommandContext } from '../commands/command.ts'
import { diskFiles } from '../disk-files.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { ScreenOptions } from '../job-screen.ts'
import { cellsInThreads, cellWorkerFile } from '../pool/cell-pool.ts'
import { programHash } from '../pool/program-hash.ts'
import { systemRefusal } from '../system-refusal.ts'
import { type SweepOrder, sweepJob } from './sweep-job.ts'
import { SweepScreen } from './sweep-screen.ts'

/** Does a sweep with threads for its cells, until it is done or Ctrl-C is pressed. */
export async function startSweep(
  order: Omit<SweepOrder, 'build'>,
  options: ScreenOptions & { readonly workers: number },
  { terminal, workerFile, parts }: Pick<CommandContext, 'terminal' | 'workerFile' | 'parts'>,
): Promise<ExitCode> {
  const screen = new SweepScreen(options, terminal)
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  process.once('SIGINT', interrupt)
  const cellFile = cellWorkerFile(workerFile)
  try {
    return await sweepJob(
      { ...order, build: parts === undefined ? programHash(cellFile) : 'in this thread' },
      {
        files: diskFiles,
        pool: parts?.cells ?? (() => cellsInThreads(options.workers, cellFile)),
        tell: (event) => screen.show(event),
        signal: controller.signal,
        now: () => performance.now() / 1000,
      },
    )
  } catch (error) {
    const reason = systemRefusal(error)
    if (reason === null) throw error
    screen.show({ kind: 'refused', reason })
    return EXIT.wrongInput
  } finally {
    process.off('SIGINT', interrupt)
    screen.close()
  }
}
