import { parentPort, workerData } from 'node:worker_threads'
import { simulate } from '../scenario/simulate.ts'
import { diskFiles } from './disk-files.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import type { Job, JobEvent, JobTools, WorkerMessage } from './jobs.ts'
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
  try {
    post({ kind: 'exit', code: await work(job, tools, workerFile) })
  } catch (error) {
    const refusal = systemRefusal(error)
    if (refusal !== null) {
      post({ kind: 'refused', reason: refusal })
      post({ kind: 'exit', code: EXIT.wrongInput })
      return
    }
    post({ kind: 'bug', stack: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

/** Each job loads what it needs and nothing else, as most of a short run is the reading of code. */
async function work(job: Job, tools: JobTools, workerFile: string): Promise<ExitCode> {
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
      const [{ compareJob }, pool] = await Promise.all([import('./compare/compare-job.ts'), import('./pool/cell-pool.ts')])
      return compareJob(job, { ...tools, cells: (workers) => pool.cellsInThreads(workers, pool.cellWorkerFile(workerFile)) })
    }
    case 'rollout': {
      const [{ rolloutJob }, { metersInThreads }] = await Promise.all([import('./rollout/rollout-job.ts'), import('./rollout/meters.ts')])
      return rolloutJob(job, {
        ...tools,
        meters: (scenario, rollout, workers) => metersInThreads(scenario, rollout, workers, workerFile),
      })
    }
  }
}
