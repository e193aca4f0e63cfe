import { dirname, join } from 'node:path'
import type { Cell, CellResult } from '../../experiment/cell.ts'
import { CellRunner } from '../../experiment/run-cell.ts'
import type { Task } from './task.ts'
import { taskThreads } from './task-threads.ts'

/** What became of a cell: its result, or the stack of the mistake of ours that ended it. */
export type CellOutcome<C extends Cell = Cell> = { readonly cell: C } & (
  | { readonly ok: true; readonly result: CellResult }
  | {
      readonly ok: false
      readonly stack: string
      /** Whoever had it to run was gone before it ended, each time: the mistake need not be ours. */
      readonly lost?: boolean
    }
)

export interface RunCellsOptions {
  /** Ends the running; what has not come out by then is lost. */
  readonly signal?: AbortSignal
  /** A cell has been given to a thread. */
  readonly onStart?: (cell: Cell) => void
}

/** Runs cells, several at once. No result depends on how many or in which order. */
export interface CellPool {
  /** Cells at once. */
  readonly workers: number
  /**
   * Outcomes in the order in which cells end, of the very objects that were given, which are distinct. One that fails is reported, and the others go on. After an
   * abort the outcomes end early.
   */
  run<C extends Cell>(cells: Iterable<C>, options?: RunCellsOptions): AsyncIterable<CellOutcome<C>>
  close(): Promise<void>
}

/** What does one cell. */
export type Work = (cell: Cell) => Promise<CellResult>

/** Runs cells in this thread. `work` stands in for the simulation where a test says so; only then can more than one be under way. */
export function cellsHere(work: Work = ownRunner(), workers = 1): CellPool {
  return { workers, run: (cells, options) => outcomes(cells, work, workers, options), close: async () => {} }
}

function ownRunner(): Work {
  const runner = new CellRunner()
  return (cell) => runner.run(cell)
}

/** The file that a thread starts with: built beside the program's entry file. */
export function cellWorkerFile(programFile: string): string {
  return join(dirname(programFile), 'cell-worker.js')
}

/** Runs cells in threads; `workerFile` is {@link cellWorkerFile}. */
export function cellsInThreads(workers: number, workerFile: string): CellPool {
  const threads = taskThreads(workers, workerFile)
  const work: Work = async (cell) => (await threads.run(cellTask(cell))) as CellResult
  return { workers, run: (cells, options = {}) => outcomes(cells, work, workers, options), close: () => threads.close() }
}

/** What a thread needs of a cell, and no more: other fields of it need not be plain data. */
export function cellTask({ input, variant, changes, seed }: Cell): Extract<Task, { kind: 'cell' }> {
  return { kind: 'cell', input, variant, changes: changes.map(({ target, value }) => ({ target, value })), seed }
}

async function* outcomes<C extends Cell>(
  cells: Iterable<C>,
  work: Work,
  workers: number,
  { signal, onStart }: RunCellsOptions = {},
): AsyncGenerator<CellOutcome<C>, void, undefined> {
  const running = new Map<C, Promise<CellOutcome<C>>>()
  const aborted = whenAborted(signal)
  const queue = cells[Symbol.iterator]()
  const start = (cell: C): void => {
    onStart?.(cell)
    running.set(
      cell,
      work(cell).then(
        (result): CellOutcome<C> => ({ cell, ok: true, result }),
        (error: unknown): CellOutcome<C> => ({
          cell,
          ok: false,
          stack: error instanceof Error ? (error.stack ?? error.message) : String(error),
        }),
      ),
    )
  }
  const fill = (): void => {
    while (running.size < workers && signal?.aborted !== true) {
      const next = queue.next()
      if (next.done === true) return
      start(next.value)
    }
  }
  fill()
  while (running.size > 0) {
    const outcome = await Promise.race([aborted, ...running.values()])
    if (outcome === null) return
    running.delete(outcome.cell)
    fill()
    yield outcome
  }
}

/** null when the signal comes; never settled without one. */
function whenAborted(signal: AbortSignal | undefined): Promise<null> {
  return new Promise((settle) => {
    if (signal?.aborted === true) settle(null)
    else signal?.addEventListener('abort', () => settle(null), { once: true })
  })
}
