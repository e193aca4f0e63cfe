import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../src/cli/disk-files.ts'
import { JobScreen } from '../src/cli/job-screen.ts'
import type { Job } from '../src/cli/jobs.ts'
import { main } from '../src/cli/program.ts'
import { metersHere } from '../src/cli/rollout/meters.ts'
import { rolloutJob } from '../src/cli/rollout/rollout-job.ts'

/** Every command of the how-to pages, run as the page shows it; what it prints is what the page has, to the letter. */
const FOLDER = 'docs/how-to'

const commands = readdirSync(FOLDER).flatMap((name) =>
  [...readFileSync(join(FOLDER, name), 'utf8').matchAll(/^```\n\$ (towtank rollout .*)\n([\s\S]*?)^```$/gm)].map((match) => ({
    page: name,
    command: match[1]!,
    output: match[2]!,
  })),
)

async function run(command: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'towtank-how-to-'))
  let text = ''
  const stream = { write: (more: string) => (text += more) }
  const terminal = { stdout: stream, stderr: stream, env: { NO_COLOR: '1' } }
  const screen = new JobScreen({}, terminal)
  let shown = ''
  try {
    // The command line is read by the program itself; its job is done here rather than in a thread, which would need a built program.
    const start = async (job: Job) => {
      if (job.kind !== 'rollout') return expect.fail(`"${command}" is no rollout`)
      const out = join(folder, 'out')
      shown = out
      return rolloutJob({ ...job, out }, { files: diskFiles, tell: (event) => screen.show(event), meters: metersHere })
    }
    await main(command.split(' ').slice(1), { version: '0', terminal, workerFile: '', doJob: start })
    return text.replace(shown, `results/${/scenarios\/(?:.*\/)?(.*)\.yaml/.exec(command)![1]}-rollout`)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('commands of the how-to pages', () => {
  test('there are some', () => {
    expect(commands.length).toBeGreaterThanOrEqual(2)
  })

  test.each(commands)('$page: $command', async ({ command, output }) => {
    expect(await run(command)).toBe(output)
  })
})
