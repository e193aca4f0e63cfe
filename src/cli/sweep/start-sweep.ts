import type { CommandContext } from '../commands/command.ts'
import { diskFiles } from '../disk-files.ts'
import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { ScreenOptions } from '../job-screen.ts'
import { cellsInThreads, cellWorkerFile } from '../pool/cell-pool.ts'
import { programHash } from '../pool/program-hash.ts'
import { cellsInQueue } from '../queue/cells-in-queue.ts'
import { openQueue } from '../queue/open-queue.ts'
import { systemRefusal } from '../system-refusal.ts'
import type { SweepEvent } from './sweep-events.ts'
import { type SweepOrder, sweepJob } from './sweep-job.ts'
import { SweepScreen } from './sweep-screen.ts'

/** Does a sweep with threads for its cells, until it is done or Ctrl-C is pressed. */
export async function startSweep(
  order: Omit<SweepOrder, 'build'>,
  options: ScreenOptions & { readonly workers: number; readonly queue?: string },
  { terminal, workerFile, parts }: Pick<CommandContext, 'terminal' | 'workerFile' | 'parts'>,
): Promise<ExitCode> {
  const screen = new SweepScreen(options, terminal)
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  process.once('SIGINT', interrupt)
  const cellFile = cellWorkerFile(workerFile)
  const tell = (event: SweepEvent): void => screen.show(event)
  const tool = { version: order.version, build: parts === undefined ? programHash(cellFile) : 'in this thread' }
  const { queue: url, workers } = options
  const pool =
    url === undefined
      ? () => cellsInThreads(workers, cellFile)
      : async () => cellsInQueue(await openQueue({ url, tool, note: (text) => tell({ kind: 'note', text }) }))
  try {
    return await sweepJob(
      { ...order, build: tool.build },
      {
        files: diskFiles,
        pool: parts?.cells ?? pool,
        tell,
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
