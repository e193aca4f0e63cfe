import { printable } from '../report/printable.ts'
import { writeReportOf } from '../report/write-report.ts'
import type { LanguageCode } from '../scenario/story-language/codes.ts'
import { EXIT, type ExitCode } from './exit-codes.ts'
import { colorsFor, type Terminal } from './terminal.ts'

export interface ReportOptions {
  readonly out?: string
  readonly comparison?: readonly string[]
  readonly lang: LanguageCode
  readonly json?: boolean
  readonly quiet?: boolean
}

/** `towtank report`: a folder of `run` or `compare` as one HTML file. */
export async function report(folder: string, options: ReportOptions, terminal: Terminal, client: () => string): Promise<ExitCode> {
  const { stdout, stderr, env } = terminal
  const { out, lang: language, comparison: comparisons = [] } = options
  const written = await writeReportOf(folder, { language, client, comparisons, ...(out === undefined ? {} : { out }) })
  if (!written.ok) {
    stderr.write(`${colorsFor(stderr, env).red(printable(written.reason))}\n`)
    return EXIT.wrongInput
  }
  const bytes = Buffer.byteLength(written.html)
  const together = written.embedded.filter(({ seconds }) => seconds !== null)
  if (options.json === true) stdout.write(`${JSON.stringify({ schemaVersion: 1, file: written.file, bytes, tables: written.embedded })}\n`)
  if (options.quiet === true) return EXIT.passed
  const stream = options.json === true ? stderr : stdout
  const colors = colorsFor(stream, env)
  const size = bytes < 1_000_000 ? `${Math.ceil(bytes / 1000)} kB` : `${(bytes / 1_000_000).toFixed(2)} MB`
  stream.write(
    `${colors.green('✓')} ${colors.cyan(printable(written.file))} ${colors.dim(`(${size}, opens in a browser without network)`)}\n`,
  )
  for (const { table, seconds } of together)
    stream.write(`${colors.yellow('!')} The page has rows of ${table}.csv put together to ${seconds} s: all of them would not fit\n`)
  return EXIT.passed
}
