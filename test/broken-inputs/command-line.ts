import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { compareJob } from '../../src/cli/compare/compare-job.ts'
import { diskFiles } from '../../src/cli/disk-files.ts'
import type { ExitCode } from '../../src/cli/exit-codes.ts'
import { JobScreen } from '../../src/cli/job-screen.ts'
import type { Job, JobEvent } from '../../src/cli/jobs.ts'
import { main } from '../../src/cli/program.ts'
import { rolloutJob } from '../../src/cli/rollout/rollout-job.ts'
import { runJob } from '../../src/cli/run-job.ts'
import { traceJob } from '../../src/cli/trace-job.ts'

export interface Told {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** The command line in this process; a run that is begun fails. */
export async function here(...args: string[]): Promise<Told> {
  let stdout = ''
  let stderr = ''
  const terminal = {
    stdout: { write: (text: string) => (stdout += text) },
    stderr: { write: (text: string) => (stderr += text) },
    env: { NO_COLOR: '1' },
  }
  const doJob = async (job: Job) => {
    const screen = new JobScreen({}, terminal)
    const code = await work(job, (event) => screen.show(event))
    screen.close(false)
    return code
  }
  const code = await main(args, { version: '0', terminal, workerFile: '', doJob, parts: { cells: nothing, reportClient: nothing } })
  return { code, stdout, stderr }
}

function nothing(): never {
  throw new Error('Nothing is to be run')
}

function work(job: Job, tell: (event: JobEvent) => void): Promise<ExitCode> {
  const tools = { simulate: nothing, files: diskFiles, tell, cells: nothing, meters: nothing }
  switch (job.kind) {
    case 'run':
      return runJob(job, tools)
    case 'trace':
      return traceJob(job, tools)
    case 'rollout':
      return rolloutJob(job, tools)
    case 'compare':
      return compareJob(job, tools)
  }
}

/** Everything in a folder with its size, links not followed. */
export function listing(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true }) as string[]
  return names.toSorted().map((name) => `${name} ${lstatSync(join(folder, name)).size}`)
}
