import { writeSync } from 'node:fs'
import { invariant } from '../../invariant.ts'
import type { RequestSink } from '../../metrics/request-batch.ts'

/** A file of all requests, which grows while they are simulated. Everything is written at once, in the thread that simulates. */
export interface RawFile {
  /** Takes the requests of one variant; the variants follow each other. */
  sink(variant: string): RequestSink
  /** Every row is there: makes the file whole, and closes it. */
  finish(): void
  /** Closes the file as it is, unless it is closed. */
  close(): void
}

/** A file system may take fewer bytes at a time than it is given. */
export function writeWhole(file: number | null, bytes: Uint8Array): void {
  invariant(file !== null, 'the file is open')
  for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done, bytes.length - done)
}
