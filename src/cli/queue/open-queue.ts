import { hostname } from 'node:os'
import { Refusal } from '../system-refusal.ts'
import { TaskQueue, type TaskQueueOptions } from './task-queue.ts'

/** The queue of a command; a {@link Refusal} where there is none. */
export async function openQueue(options: Omit<TaskQueueOptions, 'name'>): Promise<TaskQueue> {
  // Several queues may be open in one process.
  const name = `${hostname()}-${process.pid}-${Math.floor(performance.now() * 1000)}`
  const opened = await TaskQueue.open({ ...options, name })
  if (!opened.ok) throw new Refusal(opened.reason)
  return opened.queue
}
