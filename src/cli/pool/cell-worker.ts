import { CellRunner } from '../../experiment/run-cell.ts'
import { RolloutRunner } from './rollout-runner.ts'
import type { Task, TaskResult } from './task.ts'

/** A thread of the pool starts with this file: the module is its state, and each task one simulation. */
const cells = new CellRunner()
const rollouts = new RolloutRunner()

export default function runTask(task: Task): Promise<TaskResult> {
  return task.kind === 'cell' ? cells.run(task) : rollouts.measure(task)
}
