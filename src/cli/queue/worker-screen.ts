import type { ScreenOptions } from '../job-screen.ts'
import { colorsFor, type Terminal } from '../terminal.ts'
import type { WorkerEvent, WorkerTotals } from './worker-events.ts'

/** What `--json` prints when a worker has ended. */
export interface WorkerAnswer extends WorkerTotals {
  readonly schemaVersion: 1
  readonly tool: { readonly name: 'towtank'; readonly version: string; readonly build: string }
  readonly command: 'worker'
  readonly name: string
}

/** One line on stderr for what a worker tells; they are read in logs. */
export class WorkerScreen {
  readonly #options: ScreenOptions
  readonly #terminal: Terminal

  constructor(options: ScreenOptions, terminal: Terminal) {
    this.#options = options
    this.#terminal = terminal
  }

  show(event: WorkerEvent): void {
    switch (event.kind) {
      case 'refused':
        this.#mistake(event.reason)
        return
      case 'started': {
        const { name, concurrency, shown, tool } = event
        this.#line(`Worker ${name} of Towtank ${tool} is at ${shown}, ${concurrency} ${concurrency === 1 ? 'run' : 'runs'} at once`)
        return
      }
      case 'done':
        this.#line(`${event.id} done in ${event.seconds.toFixed(1)} s: ${event.variant}, seed ${event.seed}`)
        return
      case 'failed':
        this.#mistake(`${event.id} failed${event.last ? '' : ', and is tried again'}: ${event.reason}`)
        return
      case 'foreign':
        this.#mistake(
          `Work is waiting here for Towtank ${event.tools}. This is ${event.own}, whose numbers may differ, and takes none of it`,
        )
        return
      case 'lost':
        this.#line('The connection to the queue is lost; trying again until it is back')
        return
      case 'back':
        this.#line('The connection to the queue is back')
        return
      case 'trouble':
        this.#line(`Trouble with the queue: ${event.reason}`)
        return
      case 'ending':
        this.#line(`Told to end: what is under way has ${event.graceSeconds} s, and is then given back`)
    }
  }

  finished(answer: WorkerAnswer): void {
    const { finished, failed, givenBack } = answer
    if (this.#options.json === true) this.#terminal.stdout.write(`${JSON.stringify(answer)}\n`)
    this.#line(`Ended: ${finished} done, ${failed} failed, ${givenBack} given back`)
  }

  #line(text: string): void {
    if (this.#options.quiet !== true) this.#terminal.stderr.write(`${text}\n`)
  }

  #mistake(text: string): void {
    this.#terminal.stderr.write(`${colorsFor(this.#terminal.stderr, this.#terminal.env).red(text)}\n`)
  }
}
