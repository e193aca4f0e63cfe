import { COMMAND_LINE } from '../../experiment/sweep/read-set-options.ts'
import { LANGUAGES } from '../../report/language/index.ts'
import { renderProblems, renderWarning } from '../../report/source-frame.ts'
import { renderSweep } from '../../report/sweep-summary.ts'
import type { ScreenOptions } from '../job-screen.ts'
import { colorsFor, Progress, type Terminal, textOf, widthOf } from '../terminal.ts'
import type { SweepEvent } from './sweep-events.ts'
import { timeLeftText } from './time-left.ts'

const UNFINISHED: Readonly<Record<Extract<SweepEvent, { kind: 'unfinished' }>['reason'], readonly [string, string]>> = {
  shard: ['This part of the sweep is done', 'towtank merge makes the tables when all parts are done'],
  failed: ['Some cells failed', 'towtank merge with --partial makes tables of those that are there'],
  lost: ['Files of cells were changed or removed while the sweep ran', 'the same command runs these cells again'],
}

/** Turns what a sweep tells into what the user sees: the summary on stdout, all the rest on stderr. */
export class SweepScreen {
  readonly #options: ScreenOptions
  readonly #terminal: Terminal
  readonly #progress: Progress

  constructor(options: ScreenOptions, terminal: Terminal) {
    this.#options = options
    this.#terminal = terminal
    this.#progress = new Progress(terminal.stderr, options.quiet === true)
  }

  show(event: SweepEvent): void {
    const colors = colorsFor(this.#terminal.stderr, this.#terminal.env)
    switch (event.kind) {
      case 'checking':
        this.#progress.update(event.done / event.total, `checking ${event.done}/${event.total} combinations`)
        return
      case 'progress': {
        const left = event.secondsLeft === null || event.running === 0 ? '' : `, about ${timeLeftText(event.secondsLeft)} left`
        this.#progress.update(event.done / event.total, `${event.done}/${event.total} cells, ${event.running} running${left}`)
        return
      }
      case 'problems':
        this.#error(renderProblems(event.problems, (file) => (file === COMMAND_LINE ? event.options : textOf(file)), colors))
        return
      case 'refused':
        this.#error(`${colors.red(event.reason)}\n`)
        return
      case 'warnings': {
        // Fields that change nothing are for `validate` to mention.
        const shown = event.warnings.filter(({ kind }) => kind !== 'inert-field')
        if (this.#options.quiet !== true && shown.length > 0)
          this.#error(`${shown.map((warning) => renderWarning(warning, colors)).join('\n')}\n\n`)
        return
      }
      case 'note':
        if (this.#options.quiet !== true) this.#error(`${event.text}\n`)
        return
      case 'failed':
        this.#error(
          event.lost
            ? `${colors.red(`Cell ${event.cell} was lost.`)} ${event.stack}; this runs it alone:\n  ${event.command}\n\n`
            : `${colors.red(`Cell ${event.cell} ended in a bug in Towtank, not in your input.`)} Please report it with the scenario; this runs it alone:\n  ${event.command}\n${event.stack}\n\n`,
        )
        return
      case 'unfinished': {
        const [why, next] = UNFINISHED[event.reason]
        if (event.reason !== 'shard' || this.#options.quiet !== true)
          this.#error(`${why}: ${event.finished} of ${event.total} cells are in ${event.folder}; ${next}\n`)
        return
      }
      case 'interrupted':
        this.#error(
          event.total === 0
            ? 'Interrupted: nothing was run\n'
            : `Interrupted: ${event.finished} of ${event.total} cells are in ${event.folder}; the same command goes on from there\n`,
        )
        return
      case 'finished':
        this.#finished(event)
    }
  }

  close(): void {
    this.#progress.stop()
  }

  #finished({ answer, folder }: Extract<SweepEvent, { kind: 'finished' }>): void {
    const { stdout, stderr, env } = this.#terminal
    this.#progress.stop()
    const json = this.#options.json === true
    if (json) stdout.write(`${JSON.stringify(answer)}\n`)
    if (this.#options.quiet === true) return
    const stream = json ? stderr : stdout
    const words = LANGUAGES[this.#options.lang ?? 'en'].sweep
    stream.write(renderSweep(answer, words, { colors: colorsFor(stream, env), width: widthOf(stream), folder }))
  }

  #error(text: string): void {
    this.#progress.stop()
    this.#terminal.stderr.write(text)
  }
}
