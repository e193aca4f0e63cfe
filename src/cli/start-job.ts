import { Worker } from 'node:worker_threads'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { JobScreen } from './job-screen.ts'
import type { Job, WorkerMessage } from './jobs.ts'

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
    /** What is to be shown waits for the screen, and then comes in its order. */
    const show = (then: (screen: JobScreen) => void): void => void screen.then(then).catch(fail)
    const interrupt = () => {
      interrupted = true
      void worker.terminate()
    }
    process.once('SIGINT', interrupt)
    worker.on('message', (message: WorkerMessage) => {
      if (interrupted) return
      if (message.kind === 'exit') result = message.code
      else if (message.kind === 'bug') show((on) => on.bug(message.stack))
      else show((on) => on.show(message))
    })
    worker.on('error', (error) => show((on) => on.bug(error instanceof Error ? (error.stack ?? error.message) : String(error))))
    worker.on('exit', () => {
      process.off('SIGINT', interrupt)
      show((on) => {
        on.close(interrupted)
        settle(interrupted ? EXIT.interrupted : result)
      })
    })
  })
}
