import { EXIT, type ExitCode } from '../exit-codes.ts'
import type { ScreenOptions } from '../job-screen.ts'
import { cellWorkerFile } from '../pool/cell-pool.ts'
import { programHash } from '../pool/program-hash.ts'
import { taskThreads } from '../pool/task-threads.ts'
import type { Terminal } from '../terminal.ts'
import { serveQueue, type WorkerOrder } from './worker.ts'
import { WorkerScreen } from './worker-screen.ts'

/** Works for a queue until SIGTERM or Ctrl-C; a second one ends it without waiting for what is under way. */
export async function startWorker(
  order: Omit<WorkerOrder, 'tool'> & { readonly version: string },
  options: ScreenOptions,
  { terminal, workerFile }: { readonly terminal: Terminal; readonly workerFile: string },
): Promise<ExitCode> {
  const screen = new WorkerScreen(options, terminal)
  const [stop, stopNow] = [new AbortController(), new AbortController()]
  let interrupted = false
  const end = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) {
      stopNow.abort()
      return
    }
    interrupted = signal === 'SIGINT'
    screen.show({ kind: 'ending', graceSeconds: order.graceMs / 1000 })
    stop.abort()
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  const cellFile = cellWorkerFile(workerFile)
  const tool = { version: order.version, build: programHash(cellFile) }
  try {
    const totals = await serveQueue(
      { ...order, tool },
      {
        threads: taskThreads(order.concurrency, cellFile),
        tell: (event) => screen.show(event),
        stop: stop.signal,
        stopNow: stopNow.signal,
        now: () => performance.now(),
      },
    )
    if (totals === null) return EXIT.wrongInput
    screen.finished({ schemaVersion: 1, tool: { name: 'towtank', ...tool }, command: 'worker', name: order.name, ...totals })
    return interrupted ? EXIT.interrupted : EXIT.passed
  } finally {
    process.off('SIGINT', end)
    process.off('SIGTERM', end)
  }
}
