#!/usr/bin/env node
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import packageFile from '../../package.json' with { type: 'json' }
import { EXIT } from './exit-codes.ts'
import { main } from './program.ts'

/**
 * The entry point. Started by the user it is the command line; started by itself as a worker thread it does the work of a command.
 *
 * The exit code is set rather than called for, so that pipes are emptied first.
 */
if (isMainThread) {
  // A reader that has seen enough, such as `head`, closes the pipe: there is nobody left to write to, and nothing is wrong.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  const terminal = { stdout: process.stdout, stderr: process.stderr, env: process.env }
  try {
    process.exitCode = await main(process.argv.slice(2), {
      version: packageFile.version,
      terminal,
      workerFile: fileURLToPath(import.meta.url),
    })
  } catch (error) {
    process.stderr.write(`This is a bug in Towtank, not in your input:\n${error instanceof Error ? error.stack : String(error)}\n`)
    process.exitCode = EXIT.bug
  }
} else {
  const { serveJob } = await import('./job-worker.ts')
  await serveJob(fileURLToPath(import.meta.url))
}
