import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from '../scenario/simulate.ts'
import { diskFiles } from './disk-files.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { cleansUp, type Job, type JobEvent, type JobTools, type ThreadMessage, type WorkerMessage } from './jobs.ts'
import type { TaskQueue } from './queue/task-queue.ts'
import type { MeterJob, MeterTask } from './rollout/meters.ts'
import { systemRefusal } from './system-refusal.ts'

/** Between two messages about progress; a person does not see more. */
const PROGRESS_MILLISECONDS = 100

/**
 * The inside of the worker thread: does the job that it was started with, and reports to the thread that started it.
 *
 * `workerFile` is the program's entry file, for jobs that share their work with threads of their own; one of those is served here too.
 */
export async function serveJob(workerFile: string): Promise<void> {
  const job = workerData as Job | MeterJob
  if (job.kind === 'rollout-meter') await serveMeter(job)
  else await serve(job, workerFile)
}

async function serveMeter({ scenario, rollout }: MeterJob): Promise<void> {
  const { RolloutMeter } = await import('../scenario/rollout/measure.ts')
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

/** Each job loads what it needs and nothing else, as most of a short run is the reading of code. */
async function work(job: Job, tools: JobTools & { readonly signal: AbortSignal }, workerFile: string): Promise<ExitCode> {
  switch (job.kind) {
    case 'run': {
      const [{ runJob }, { reportClient }] = await Promise.all([import('./run-job.ts'), import('./report-client.ts')])
      return runJob(job, tools, () => reportClient(workerFile))
    }
    case 'trace': {
      const { traceJob } = await import('./trace-job.ts')
      return traceJob(job, tools)
    }
    case 'compare': {
      const { compareJob } = await import('./compare/compare-job.ts')
      return compareJob(job, {
        ...tools,
        async cells(workers) {
          if (job.queue === null) {
            const { cellsInThreads, cellWorkerFile } = await import('./pool/cell-pool.ts')
            return cellsInThreads(workers, cellWorkerFile(workerFile))
          }
          const { cellsInQueue } = await import('./queue/cells-in-queue.ts')
          return cellsInQueue(await queueOf(job.queue, job, tools, workerFile))
        },
      })
    }
    case 'rollout': {
      const [{ rolloutJob }, { metersInThreads }] = await Promise.all([import('./rollout/rollout-job.ts'), import('./rollout/meters.ts')])
      return rolloutJob(job, {
        ...tools,
        async meters({ scenario, rollout, workers, task }) {
          if (job.queue === null) return metersInThreads(scenario, rollout, workers, workerFile)
          const { metersInQueue } = await import('./queue/meters-in-queue.ts')
          return metersInQueue(await queueOf(job.queue, job, tools, workerFile), task, job.replications, tools.signal)
        },
      })
    }
  }
}

async function queueOf(url: string, { version }: { readonly version: string }, { tell }: JobTools, workerFile: string): Promise<TaskQueue> {
  const [{ openQueue }, { programHash }, { cellWorkerFile }] = await Promise.all([
    import('./queue/open-queue.ts'),
    import('./pool/program-hash.ts'),
    import('./pool/cell-pool.ts'),
  ])
  return openQueue({ url, tool: { version, build: programHash(cellWorkerFile(workerFile)) }, note: (text) => tell({ kind: 'note', text }) })
}
