import { readFileSync } from 'node:fs'
import { textsHash } from '../../scenario/load-hash.ts'
import { diskFiles } from '../disk-files.ts'
import type { ExitCode } from '../exit-codes.ts'
import type { ScreenOptions } from '../job-screen.ts'
import { cellsInThreads, cellWorkerFile } from '../pool/cell-pool.ts'
import type { Terminal } from '../terminal.ts'
import { type SweepOrder, sweepJob } from './sweep-job.ts'
import { SweepScreen } from './sweep-screen.ts'

/** Does a sweep with threads for its cells, until it is done or Ctrl-C is pressed. */
export async function startSweep(
  order: Omit<SweepOrder, 'build'>,
  options: ScreenOptions & { readonly workers: number },
  { terminal, workerFile }: { readonly terminal: Terminal; readonly workerFile: string },
): Promise<ExitCode> {
  const screen = new SweepScreen(options, terminal)
  const controller = new AbortController()
  const interrupt = (): void => controller.abort()
  process.once('SIGINT', interrupt)
  const cellFile = cellWorkerFile(workerFile)
  try {
    return await sweepJob(
      { ...order, build: buildOf(cellFile) },
      {
        files: diskFiles,
        pool: () => cellsInThreads(options.workers, cellFile),
        tell: (event) => screen.show(event),
        signal: controller.signal,
        now: () => performance.now() / 1000,
      },
    )
  } finally {
    process.off('SIGINT', interrupt)
    screen.close()
  }
}

/** Which code runs cells: the entry file of a thread names all that it needs, by names that hold a hash of what is in there. */
function buildOf(cellFile: string): string {
  return textsHash([readFileSync(cellFile, 'utf8')])
}
