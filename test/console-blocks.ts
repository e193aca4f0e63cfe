import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { compareJob } from '../src/cli/compare/compare-job.ts'
import { diskFiles } from '../src/cli/disk-files.ts'
import { JobScreen, type ScreenOptions } from '../src/cli/job-screen.ts'
import type { Job } from '../src/cli/jobs.ts'
import { cellsHere } from '../src/cli/pool/cell-pool.ts'
import { main } from '../src/cli/program.ts'
import { metersHere } from '../src/cli/rollout/meters.ts'
import { rolloutJob } from '../src/cli/rollout/rollout-job.ts'
import { runJob } from '../src/cli/run-job.ts'
import { traceJob } from '../src/cli/trace-job.ts'
import { simulate } from '../src/scenario/simulate.ts'

/** A command line of a page and what the page says it prints. */
export interface ShownCommand {
  readonly kind: 'command'
  readonly title: string
  readonly command: string
  /** Lines below it, up to the next command; a line that begins with `…` stands for any number of lines. */
  readonly output: readonly string[]
  /** What the block's info string says, as in `console exit=2`; 0 when it says nothing. */
  readonly exitCode: number
}

/**
 * A file that the reader is to write, from a block such as `yaml file=demo/scenario.yaml`, which replaces what is there; or lines that go to the end of
 * one, from `yaml append=demo/scenario.yaml`.
 */
export interface WrittenFile {
  readonly kind: 'file' | 'append'
  readonly title: string
  readonly path: string
  readonly text: string
}

/** Lines that the commands before have left in a file, from a block such as `csv in=results/hello/events.csv`; `…` stands for any number of lines. */
export interface Excerpt {
  readonly kind: 'excerpt'
  readonly title: string
  readonly path: string
  readonly lines: readonly string[]
}

export type PageStep = ShownCommand | WrittenFile | Excerpt

/** What a reader of a page does and sees, in order: the commands of its ```console blocks, files that it gives in full, and excerpts of results. */
export function pageSteps(page: string): readonly PageStep[] {
  return [...page.matchAll(/^```(\w+)(?: (exit|file|append|in)=(\S+))?\n([\s\S]*?)^```$/gm)].flatMap(
    ([, language, key, value, body]): readonly PageStep[] => {
      if (language === 'console') return commandsOf(body!, key === 'exit' ? Number(value) : 0)
      if (key === 'file' || key === 'append') return [{ kind: key, title: `the reader writes ${value!}`, path: value!, text: body! }]
      if (key === 'in') return [{ kind: 'excerpt', title: `excerpt of ${value!}`, path: value!, lines: body!.split('\n').slice(0, -1) }]
      return []
    },
  )
}

/** The commands of a page's ```console blocks, in order. */
export function shownCommands(page: string): readonly ShownCommand[] {
  return pageSteps(page).filter((step): step is ShownCommand => step.kind === 'command')
}

function commandsOf(body: string, exitCode: number): readonly ShownCommand[] {
  const commands: (ShownCommand & { output: string[] })[] = []
  for (const line of body.split('\n').slice(0, -1)) {
    if (line.startsWith('$ ')) commands.push({ kind: 'command', title: line.slice(2), command: line.slice(2), output: [], exitCode })
    else if (commands.length === 0) throw new Error(`A console block begins with a command, not with "${line}"`)
    else commands.at(-1)!.output.push(line)
  }
  return commands
}

/** The first line of the page that is not what was printed; null when all agree. Empty lines at the end do not count. */
export function firstDifference(shown: readonly string[], printed: readonly string[]): string | null {
  const expected = trimmed(shown)
  const actual = trimmed(printed)
  let at = 0
  let isGap = false
  for (const line of expected) {
    if (line.startsWith('…')) {
      isGap = true
      continue
    }
    const found = isGap ? actual.indexOf(line, at) : actual[at] === line ? at : -1
    if (found < 0) return `the page has ${JSON.stringify(line)}, printed is ${JSON.stringify(actual[at] ?? 'nothing more')}`
    at = found + 1
    isGap = false
  }
  return isGap || at === actual.length ? null : `the page ends, printed is ${JSON.stringify(actual[at])}`
}

function trimmed(lines: readonly string[]): readonly string[] {
  const last = lines.findLastIndex((line) => line !== '')
  return lines.slice(0, last + 1)
}

/**
 * A folder in which the commands of a page are run one after the other, so that a later one finds what an earlier one wrote: the scenarios are there as
 * in the repository, and the results that it keeps.
 */
export class CommandFolder {
  readonly #folder = mkdtempSync(join(tmpdir(), 'towtank-page-'))
  readonly #home = process.cwd()

  constructor() {
    symlinkSync(resolve('scenarios'), join(this.#folder, 'scenarios'))
    cpSync('results/reference', join(this.#folder, 'results/reference'), { recursive: true })
  }

  /** Runs `towtank …`, as read by the program itself; jobs are done in this thread, since one of their own would need a built program. */
  async run(command: string): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const words = wordsOf(command)
    const from = words[0] === 'npx' ? 1 : 0
    if (words[from] !== 'towtank') throw new Error(`Cannot run "${command}": a console block has commands that begin with "towtank"`)
    let text = ''
    const stream = { write: (more: string) => (text += more) }
    const terminal = { stdout: stream, stderr: stream, env: { NO_COLOR: '1' } }
    const parts = { cells: () => cellsHere(), reportClient: () => 'document.title += "!"' }
    const doJob = async (job: Job, options: ScreenOptions) => {
      const screen = new JobScreen(options, terminal)
      const tools = { simulate, files: diskFiles, tell: (event: Parameters<JobScreen['show']>[0]) => screen.show(event) }
      if (job.kind === 'run') return runJob(job, tools, parts.reportClient)
      if (job.kind === 'trace') return traceJob(job, tools)
      if (job.kind === 'compare') return compareJob(job, { ...tools, cells: () => cellsHere() })
      return rolloutJob(job, { files: diskFiles, tell: tools.tell, meters: ({ scenario, rollout }) => metersHere(scenario, rollout) })
    }
    process.chdir(this.#folder)
    try {
      const code = await main(words.slice(from + 1), { version: '0', terminal, workerFile: '', doJob, parts })
      return { code, lines: text.split('\n') }
    } finally {
      process.chdir(this.#home)
    }
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.#within(path)), { recursive: true })
    writeFileSync(this.#within(path), text)
  }

  append(path: string, text: string): void {
    appendFileSync(this.#within(path), text)
  }

  read(path: string): readonly string[] {
    return readFileSync(this.#within(path), 'utf8').split('\n')
  }

  /** A page writes into its own folder, and not through the link into the repository's scenarios. */
  #within(path: string): string {
    const full = resolve(this.#folder, path)
    if (!full.startsWith(`${this.#folder}/`) || path.startsWith('scenarios')) throw new Error(`A page cannot write "${path}"`)
    return full
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true })
  }
}

/** A command line as a shell would split it, as far as pages need it: words, and quotes around what has spaces. */
function wordsOf(command: string): readonly string[] {
  if (/[|<>;&$`]/.test(command.replace(/'[^']*'/g, ''))) throw new Error(`Cannot run "${command}": it needs a shell`)
  return [...command.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, plain]) => single ?? double ?? plain!)
}
