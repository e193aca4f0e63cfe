import { Piscina } from 'piscina'
import type { Task, TaskResult } from './task.ts'

/** Threads that do tasks. */
export interface TaskThreads {
  run(task: Task): Promise<TaskResult>
  /** Ends the threads, and what they are doing. */
  close(): Promise<void>
}

/** `workerFile` is the built file of `cell-worker.ts`. */
export function taskThreads(workers: number, workerFile: string): TaskThreads {
  const pool = new Piscina({ filename: workerFile, minThreads: 0, maxThreads: workers, idleTimeout: 1000, concurrentTasksPerWorker: 1 })
  let closed = false
  return {
    run: (task) => pool.run(task),
    async close() {
      if (closed) return
      closed = true
      await pool.destroy()
    },
  }
}
