import type { SourceProblem } from '../api/source-problem.ts'
import { renderComparison } from '../report/comparison/terminal.ts'
import { LANGUAGES, type Language, type LanguageCode } from '../report/language/index.ts'
import { renderRollout } from '../report/rollout-summary.ts'
import { renderProblems, renderWarning } from '../report/source-frame.ts'
import { renderSummary } from '../report/terminal-summary.ts'
import type { ScenarioWarning } from '../scenario/load-context.ts'
import type { JobEvent } from './jobs.ts'
import { ResultFolder } from './result-folder.ts'
import { colorsFor, Progress, type Terminal, textOf, widthOf } from './terminal.ts'

export interface ScreenOptions {
  readonly json?: boolean
  readonly quiet?: boolean
  /** Of the summary; errors, warnings and JSON are English. */
  readonly lang?: LanguageCode
}

/** Turns what a job tells into what the user sees: results on stdout, all the rest on stderr. */
export class JobScreen {
  readonly #options: ScreenOptions
  readonly #terminal: Terminal
  readonly #progress: Progress
  readonly #problems: SourceProblem[] = []
  readonly #refusals: string[] = []
  #writingTo: string | null = null

  constructor(options: ScreenOptions, terminal: Terminal) {
    this.#options = options
    this.#terminal = terminal
    this.#progress = new Progress(terminal.stderr, options.quiet === true)
  }

  show(event: JobEvent): void {
    const colors = colorsFor(this.#terminal.stderr, this.#terminal.env)
    switch (event.kind) {
      case 'progress':
        this.#progress.update(event.fraction, `${event.scenario} ${event.variant}`)
        return
      case 'writing':
        this.#writingTo = event.out
        return
      case 'problems':
        this.#problems.push(...event.problems)
        this.#error(renderProblems(event.problems, textOf, colors))
        return
      case 'refused':
        this.#refusals.push(event.reason)
        this.#error(`${colors.red(event.reason)}\n`)
        return
      case 'note':
        if (this.#options.quiet !== true) this.#error(`${event.text}\n`)
        return
      case 'warnings':
        this.#warnings(event.warnings)
        return
      case 'finished':
        this.#writingTo = null
        this.#finished(event)
        return
      case 'rollout':
        this.#writingTo = null
        this.#rollout(event)
        return
      case 'compared':
        this.#writingTo = null
        this.#compared(event)
        return
      case 'story':
        this.#story(event)
    }
  }

  /** A mistake of ours, never the user's. */
  bug(stack: string): void {
    this.#error(`This is a bug in Towtank, not in your input. Please report it with the scenario:\n${stack}\n`)
  }

  /** The job has ended, by itself or not; what it may have left half-written is removed. */
  close(interrupted: boolean): void {
    this.#progress.stop()
    const wrong = this.#problems.length > 0 || this.#refusals.length > 0
    if (this.#options.json === true && wrong)
      this.#terminal.stdout.write(`${JSON.stringify({ schemaVersion: 1, problems: this.#problems, refusals: this.#refusals })}\n`)
    if (this.#writingTo !== null) {
      const chosen = ResultFolder.choose(this.#writingTo)
      if (chosen.ok) chosen.folder.removeStale()
    }
    if (interrupted) this.#error('Interrupted: what was not finished has not been written\n')
  }

  /** Fields that change nothing are for `validate` to mention: they cannot make the result differ from what the user expects. */
  #warnings(all: readonly ScenarioWarning[]): void {
    const colors = colorsFor(this.#terminal.stderr, this.#terminal.env)
    const shown = all.filter((warning) => warning.kind !== 'inert-field')
    if (this.#options.quiet === true || shown.length === 0) return
    this.#error(`${shown.map((warning) => renderWarning(warning, colors)).join('\n')}\n\n`)
  }

  #finished({ summary, folder }: Extract<JobEvent, { kind: 'finished' }>): void {
    const { stdout, stderr, env } = this.#terminal
    const json = this.#options.json === true
    this.#progress.stop()
    if (json) stdout.write(`${JSON.stringify(summary)}\n`)
    if (this.#options.quiet === true) return
    const stream = json ? stderr : stdout
    stream.write(renderSummary(summary, this.#words.summary, { colors: colorsFor(stream, env), width: widthOf(stream), folder }))
  }

  #rollout({ answer, folder }: Extract<JobEvent, { kind: 'rollout' }>): void {
    const { stdout, stderr, env } = this.#terminal
    const json = this.#options.json === true
    this.#progress.stop()
    if (json) stdout.write(`${JSON.stringify(answer)}\n`)
    if (this.#options.quiet === true) return
    const stream = json ? stderr : stdout
    stream.write(renderRollout(answer, this.#words.rollout, { colors: colorsFor(stream, env), width: widthOf(stream), folder }))
  }

  #compared({ comparison, folder }: Extract<JobEvent, { kind: 'compared' }>): void {
    const { stdout, stderr, env } = this.#terminal
    const json = this.#options.json === true
    this.#progress.stop()
    if (json) stdout.write(`${JSON.stringify(comparison)}\n`)
    if (this.#options.quiet === true) return
    const stream = json ? stderr : stdout
    stream.write(renderComparison(comparison, this.#words.compare, { colors: colorsFor(stream, env), width: widthOf(stream), folder }))
  }

  #story({ scenario, variant, object, lines }: Extract<JobEvent, { kind: 'story' }>): void {
    this.#progress.stop()
    const { stdout } = this.#terminal
    if (this.#options.json === true) stdout.write(`${JSON.stringify({ schemaVersion: 1, scenario, variant, object, lines })}\n`)
    else stdout.write(`${lines.join('\n')}\n`)
  }

  get #words(): Language {
    return LANGUAGES[this.#options.lang ?? 'en']
  }

  #error(text: string): void {
    this.#progress.stop()
    this.#terminal.stderr.write(text)
  }
}
