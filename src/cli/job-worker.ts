import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from '../scenario/simulate.ts'
import { diskFiles } from './disk-files.ts'
import type { Job, JobEvent, JobTools, WorkerMessage } from './jobs.ts'
import { runJob } from './run-job.ts'
import { traceJob } from './trace-job.ts'

/** Between two messages about progress; a person does not see more. */
const PROGRESS_MILLISECONDS = 100

/** The inside of the worker thread: does the job that it was started with, and reports to the thread that started it. */
export async function serveJob(): Promise<void> {
  const post = (message: WorkerMessage) => parentPort?.postMessage(message)
  let last = Number.NEGATIVE_INFINITY
  const tell = (event: JobEvent) => {
    if (event.kind === 'progress') {
      const now = performance.now()
      if (now - last < PROGRESS_MILLISECONDS) return
      last = now
    }
    post(event)
  }
  const job = workerData as Job
  const tools: JobTools = { simulate, files: diskFiles, tell }
  try {
    post({ kind: 'exit', code: await (job.kind === 'run' ? runJob(job, tools) : traceJob(job, tools)) })
  } catch (error) {
    post({ kind: 'bug', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}
