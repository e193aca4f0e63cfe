import { existsSync, readFileSync } from 'node:fs'
import { SHARED_FOLDER } from '../../conformance/shared-cases.ts'

/** One line of a recording: what changed of which object, so many milliseconds after the command. */
export interface RecordedEvent {
  readonly t: number
  /** `pod`, `sts`, `ds`, `job`, `cj`, `crev`, or `cmd` for a command. */
  readonly k: string
  /** Added, modified, deleted. */
  readonly e?: 'A' | 'M' | 'D'
  /** The object's name. */
  readonly o?: string
  readonly [field: string]: unknown
}

/** A recording of a real control plane, which stands beside the project; tests skip, and say so, where it is absent. */
export interface Recording {
  readonly absent: boolean
  /** For the test's name. */
  readonly note: string
  readonly events: readonly RecordedEvent[]
}

export function recording(name: string): Recording {
  const path = `${SHARED_FOLDER}conformance/kubernetes-timelines/${name}.jsonl`
  if (!existsSync(path))
    return { absent: true, note: `(skipped: ${name} is not in ../shared/conformance/kubernetes-timelines)`, events: [] }
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  return { absent: false, note: '', events: lines.slice(1).map((line) => JSON.parse(line) as RecordedEvent) }
}
