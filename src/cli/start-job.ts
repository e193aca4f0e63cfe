import { Worker } from 'node:worker_threads'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { JobScreen } from './job-screen.ts'
import { cleansUp, type Job, type ThreadMessage, type WorkerMessage } from './jobs.ts'
import { systemRefusal } from './system-refusal.ts'

/** A queue that cannot be reached must not keep Ctrl-C waiting. */
const CLEANING_MILLISECONDS = 10_000

/**
 * Does a job in a thread of its own, so that this one can listen to Ctrl-C and keep the progress bar moving.
 *
 * `loadScreen` is called once the thread has been started, so that both load their code at once. `workerFile` is the program's own entry file, which does the job when it is started as a worker.
 */
export function startJob(job: Job, loadScreen: () => Promise<JobScreen>, workerFile: string): Promise<ExitCode> {
  const worker = new Worker(workerFile, { workerData: job })
  const screen = loadScreen()
  return new Promise((settle, fail) => {
    let result: ExitCode = EXIT.bug
    let interrupted = false
    let late: NodeJS.Timeout | undefined
    /** What is to be shown waits for the screen, and then comes in its order. */
    const show = (then: (screen: JobScreen) => void): void => void screen.then(then).catch(fail)
    const interrupt = () => {
      // Whoever has nothing to clean up, or is told so twice, ends at once.
      if (interrupted || !cleansUp(job)) void worker.terminate()
      else {
        const message: ThreadMessage = { kind: 'interrupt' }
        worker.postMessage(message)
        late = setTimeout(() => void worker.terminate(), CLEANING_MILLISECONDS)
      }
      interrupted = true
    }
    process.on('SIGINT', interrupt)
    worker.on('message', (message: WorkerMessage) => {
      if (interrupted) return
      if (message.kind === 'exit') result = message.code
      else if (message.kind === 'bug') show((on) => on.bug(message.stack))
      else show((on) => on.show(message))
    })
    worker.on('error', (error) => {
      const reason = systemRefusal(error)
      if (reason !== null) {
        result = EXIT.wrongInput
        show((on) => on.show({ kind: 'refused', reason }))
      } else show((on) => on.bug(error instanceof Error ? (error.stack ?? error.message) : String(error)))
    })
    worker.on('exit', () => {
      process.off('SIGINT', interrupt)
      clearTimeout(late)
      show((on) => {
        on.close(interrupted)
        settle(interrupted ? EXIT.interrupted : result)
      })
    })
  })
}
