/** Nanoseconds as the microseconds of a trace event, exact to the nanosecond. */
export function micros(nanos: number): number {
  return Number(`${Math.floor(nanos / 1000)}.${String(nanos % 1000).padStart(3, '0')}`)
}

export type Args = Readonly<Record<string, string | number>>

/**
 * Writes events of the trace-event format, one a line.
 *
 * Source: Trace Event Format (Google, 2016): phases X (complete), i (instant), C (counter), s and f (flow), M (metadata); `ts` and `dur` in µs.
 */
export class TraceEvents {
  readonly #write: (text: string) => void
  #isFirst = true
  #processes = 0
  readonly #threads = new Map<string, number>()
  #flows = 0

  constructor(write: (text: string) => void) {
    this.#write = write
    write('{"displayTimeUnit":"ms","traceEvents":[')
  }

  /** A new process; gives its number. The lower its order, the higher it stands. */
  process(name: string, order: number): number {
    const pid = ++this.#processes
    this.#put({ ph: 'M', pid, tid: 0, ts: 0, name: 'process_name', args: { name } })
    this.#put({ ph: 'M', pid, tid: 0, ts: 0, name: 'process_sort_index', args: { sort_index: order } })
    return pid
  }

  /** The number of a thread of that name, which is made when it is first asked for. */
  thread(pid: number, name: string, order: number): number {
    const key = `${pid} ${name}`
    const known = this.#threads.get(key)
    if (known !== undefined) return known
    // Threads have numbers that no other process's have, as some viewers ask.
    const tid = this.#threads.size + 1
    this.#threads.set(key, tid)
    this.#put({ ph: 'M', pid, tid, ts: 0, name: 'thread_name', args: { name } })
    this.#put({ ph: 'M', pid, tid, ts: 0, name: 'thread_sort_index', args: { sort_index: order } })
    return tid
  }

  slice(pid: number, tid: number, name: string, category: string, started: number, ended: number, args: Args): void {
    this.#put({ ph: 'X', pid, tid, ts: micros(started), dur: micros(ended - started), name, cat: category, args })
  }

  /** `scope`: g for all, t for its thread. */
  instant(pid: number, tid: number, name: string, category: string, at: number, scope: 'g' | 't', args: Args): void {
    this.#put({ ph: 'i', pid, tid, ts: micros(at), name, cat: category, s: scope, args })
  }

  counter(pid: number, name: string, at: number, args: Args): void {
    this.#put({ ph: 'C', pid, tid: 0, ts: micros(at), name, cat: 'traffic', args })
  }

  /** An arrow from one slice to another, each named by its thread and a moment within it. */
  arrow(from: { pid: number; tid: number; at: number }, to: { pid: number; tid: number; at: number }): void {
    const id = ++this.#flows
    const common = { name: 'led to', cat: 'cause', id }
    this.#put({ ph: 's', pid: from.pid, tid: from.tid, ts: micros(from.at), ...common })
    this.#put({ ph: 'f', bp: 'e', pid: to.pid, tid: to.tid, ts: micros(to.at), ...common })
  }

  end(metadata: Args): void {
    this.#write(`\n],"otherData":${JSON.stringify(metadata)}}\n`)
  }

  #put(event: Readonly<Record<string, unknown>>): void {
    this.#write(`${this.#isFirst ? '\n' : ',\n'}${JSON.stringify(event)}`)
    this.#isFirst = false
  }
}
