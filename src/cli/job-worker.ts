import { parentPort, workerData } from 'node:worker_threads'
import { RolloutMeter } from '../scenario/rollout/measure.ts'
import { simulate } from '../scenario/simulate.ts'
import { compareJob } from './compare/compare-job.ts'
import { diskFiles } from './disk-files.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { cleansUp, type Job, type JobEvent, type JobTools, type ThreadMessage, type WorkerMessage } from './jobs.ts'
import { cellsInThreads, cellWorkerFile } from './pool/cell-pool.ts'
import { programHash } from './pool/program-hash.ts'
import { cellsInQueue } from './queue/cells-in-queue.ts'
import { metersInQueue } from './queue/meters-in-queue.ts'
import { openQueue } from './queue/open-queue.ts'
import type { TaskQueue } from './queue/task-queue.ts'
import { reportClient } from './report-client.ts'
import { type MeterJob, type MeterTask, metersInThreads } from './rollout/meters.ts'
import { rolloutJob } from './rollout/rollout-job.ts'
import { runJob } from './run-job.ts'
import { systemRefusal } from './system-refusal.ts'
import { traceJob } from './trace-job.ts'

/** Between two messages about progress; a person does not see more. */
const PROGRESS_MILLISECONDS = 100

/**
 * The inside of the worker thread: does the job that it was started with, and reports to the thread that started it.
 *
 * `workerFile` is the program's entry file, for jobs that share their work with threads of their own; one of those is served here too.
 */
export async function serveJob(workerFile: string): Promise<void> {
  const job = workerData as Job | MeterJob
  if (job.kind === 'rollout-meter') serveMeter(job)
  else await serve(job, workerFile)
}

function serveMeter({ scenario, rollout }: MeterJob): void {
  const meter = new RolloutMeter(scenario, rollout)
  parentPort?.on('message', ({ settings, replication }: MeterTask) => parentPort?.postMessage(meter.measure(settings, replication)))
}

async function serve(job: Job, workerFile: string): Promise<void> {
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
  const tools: JobTools = { simulate, files: diskFiles, tell }
  const controller = new AbortController()
  const { signal } = controller
  const interrupt = ({ kind }: ThreadMessage): void => (kind === 'interrupt' ? controller.abort() : undefined)
  // To listen keeps the thread alive: only where there is something to hear.
  if (cleansUp(job)) parentPort?.on('message', interrupt)
  try {
    post({ kind: 'exit', code: await work(job, { ...tools, signal }, workerFile) })
  } catch (error) {
    if (signal.aborted) return
    const refusal = systemRefusal(error)
    if (refusal !== null) {
      post({ kind: 'refused', reason: refusal })
      post({ kind: 'exit', code: EXIT.wrongInput })
      return
    }
    post({ kind: 'bug', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  } finally {
    parentPort?.off('message', interrupt)
  }
}

function work(job: Job, tools: JobTools & { readonly signal: AbortSignal }, workerFile: string): Promise<ExitCode> {
  switch (job.kind) {
    case 'run':
      return runJob(job, tools, () => reportClient(workerFile))
    case 'trace':
      return traceJob(job, tools)
    case 'compare':
      return compareJob(job, {
        ...tools,
        cells: async (workers) =>
          job.queue === null
            ? cellsInThreads(workers, cellWorkerFile(workerFile))
            : cellsInQueue(await queueOf(job.queue, job, tools, workerFile)),
      })
    case 'rollout':
      return rolloutJob(job, {
        ...tools,
        meters: async ({ scenario, rollout, workers, task }) =>
          job.queue === null
            ? metersInThreads(scenario, rollout, workers, workerFile)
            : metersInQueue(await queueOf(job.queue, job, tools, workerFile), task, job.replications, tools.signal),
      })
  }
}

function queueOf(url: string, { version }: { readonly version: string }, { tell }: JobTools, workerFile: string): Promise<TaskQueue> {
  const tool = { version, build: programHash(cellWorkerFile(workerFile)) }
  return openQueue({ url, tool, note: (text) => tell({ kind: 'note', text }) })
}
