import type { Cell, CellResult } from '../../experiment/cell.ts'
import { type CellOutcome, type CellPool, cellTask } from '../pool/cell-pool.ts'
import type { TaskQueue } from './task-queue.ts'

/** Runs cells on the workers of a queue, which is closed with the pool. */
export function cellsInQueue(queue: TaskQueue): CellPool {
  return {
    get workers() {
      return queue.active
    },
    async *run<C extends Cell>(cells: Iterable<C>, { signal, onStart }: Parameters<CellPool['run']>[1] = {}) {
      function* tasks() {
        for (const cell of cells) {
          onStart?.(cell)
          yield [cell, cellTask(cell)] as const
        }
      }
      for await (const { key: cell, ...outcome } of queue.run(tasks(), signal)) {
        const one: CellOutcome<C> = outcome.ok
          ? { cell, ok: true, result: outcome.result as CellResult }
          : { cell, ok: false, stack: outcome.stack, lost: outcome.lost }
        yield one
      }
    },
    close: () => queue.close(),
  }
}
