import { FormError } from '../kinds/outcome.ts'

/** What one change of an object left, by the short names of the form (`n` spec.replicas, `rdy` readyReplicas, `c` conditions…). */
export type Fields = Readonly<Record<string, unknown>>

/** One change of one object. */
export interface Change {
  /** ms since the first command. */
  readonly t: number
  /** deploy, rs, pod, eps, node, sts, ds, job, cj… */
  readonly kind: string
  readonly event: 'A' | 'M' | 'D'
  readonly name: string
  /** Only what changed; null for what went. */
  readonly delta: Fields
  /** All of it afterwards. */
  readonly state: Fields
}

export interface Command {
  readonly t: number
  readonly text: string
}

/** What happened, and what was done to make it happen. */
export interface Recording {
  readonly name: string
  readonly meta: Fields
  readonly commands: readonly Command[]
  readonly changes: readonly Change[]
  /** ms at which recording ended. */
  readonly end: number
}

/** Reads the lines of a `<scenario>.jsonl`. */
export function readRecording(lines: readonly Fields[]): Recording {
  const [meta, ...rows] = lines
  if (meta?.k !== 'meta' || typeof meta.name !== 'string') throw new FormError('Expected a first line {"k":"meta","name":…}')
  const log = new ChangeLog()
  const commands: Command[] = []
  let end = 0
  for (const [i, row] of rows.entries()) {
    const { t, k } = row
    if (k === 'end' && typeof t === 'number') {
      end = t
      continue
    }
    // A watch that was opened anew, a probe of the server, a note of the one who recorded.
    if (typeof t !== 'number' || typeof k !== 'string') continue
    if (k === 'cmd') {
      if (typeof row.m !== 'string') throw new FormError(`line ${i + 2}: expected the command under "m"`)
      commands.push({ t, text: row.m })
    } else if (row.e === 'A' || row.e === 'M' || row.e === 'D') {
      const { t: _t, k: _k, e: event, o: name, rv: _rv, ...delta } = row
      log.add(t, k, event, String(name), delta)
    }
    end = Math.max(end, t)
  }
  if (log.changes.length === 0) throw new FormError('Expected records of watch events')
  return { name: meta.name, meta, commands, changes: log.changes, end }
}

/** Adds up the changes of each object. */
export class ChangeLog {
  readonly changes: Change[] = []
  readonly #states = new Map<string, Fields>()

  add(t: number, kind: string, event: 'A' | 'M' | 'D', name: string, delta: Fields): void {
    const key = `${kind}/${name}`
    const state = merged(event === 'A' ? {} : (this.#states.get(key) ?? {}), delta)
    this.#states.set(key, state)
    this.changes.push({ t, kind, event, name, delta, state })
  }

  /** Adds what a whole state differs in from the last one. */
  addState(t: number, kind: string, event: 'A' | 'M' | 'D', name: string, state: Fields): void {
    const before = event === 'A' ? {} : (this.#states.get(`${kind}/${name}`) ?? {})
    this.add(t, kind, event, name, event === 'D' ? {} : difference(before, state))
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Members that are objects (conditions, endpoints) are merged member by member; null removes. */
function merged(before: Fields, delta: Fields): Fields {
  const after: Record<string, unknown> = { ...before }
  for (const [key, value] of Object.entries(delta)) {
    if (value === null) delete after[key]
    else after[key] = isFields(value) ? merged(isFields(before[key]) ? before[key] : {}, value) : value
  }
  return after
}

function difference(before: Fields, after: Fields): Fields {
  const delta: Record<string, unknown> = {}
  for (const key of Object.keys(before)) if (!(key in after)) delta[key] = null
  for (const [key, value] of Object.entries(after)) {
    const was = before[key]
    if (isFields(value)) {
      const inner = difference(isFields(was) ? was : {}, value)
      if (Object.keys(inner).length > 0 || was === undefined) delta[key] = inner
    } else if (was !== value) delta[key] = value
  }
  return delta
}
