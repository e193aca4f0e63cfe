import { nanosOf, type ResultRow, type ResultTables } from '../result-tables.ts'
import { ORDER_OF_TRAFFIC, placeOf } from './actors.ts'
import { HopLocations } from './hop-locations.ts'
import { Lanes, NestingLanes } from './lanes.ts'
import { TraceEvents } from './trace-events.ts'

/** A hop that took no time is drawn 1 ns long, so that an arrow can hold on to it. */
const NO_TIME = 1

/** Places of one variant, so that those of the next stand below. */
const PLACES = 10_000_000

/** Threads of a kind on the timeline. */
const THREADS = 1000

/**
 * A result as trace events, for ui.perfetto.dev and chrome://tracing.
 *
 * Every component is a process, and so is every traffic with its counters; each request that was kept is a thread of its traffic, with what it
 * consisted of nested. What a component did at once is on several threads of the same name. Arrows lead from each hop to what it led to.
 */
export async function writePerfetto(tables: ResultTables, write: (text: string) => void): Promise<void> {
  const { summary } = tables
  const names = summary.variants.map(({ variant }) => variant)
  const events = new TraceEvents(write)
  const drawing: Drawing = {
    events,
    title: (variant, name) => (names.length > 1 ? `${variant}: ${name}` : name),
    order: (variant, order) => names.indexOf(variant) * PLACES + order,
    processes: new Map(),
  }
  await drawTimeline(tables, drawing)
  await drawHops(tables, drawing)
  await drawCounters(tables, drawing)
  await drawSamples(tables, drawing)
  const { scenario, seed, inputHash, tool } = summary
  events.end({ scenario, seed, inputHash, tool: `${tool.name} ${tool.version}` })
}

interface Drawing {
  readonly events: TraceEvents
  readonly title: (variant: string, name: string) => string
  readonly order: (variant: string, order: number) => number
  /** By variant and name: the process's number. */
  readonly processes: Map<string, number>
}

function processOf({ events, processes, title, order }: Drawing, variant: string, name: string, place: number): number {
  const key = `${variant}\n${name}`
  let pid = processes.get(key)
  if (pid === undefined) {
    pid = events.process(title(variant, name), order(variant, place))
    processes.set(key, pid)
  }
  return pid
}

/** Commands, rollouts and faults: as slices where they have an end, and each as an instant over everything. */
async function drawTimeline(tables: ResultTables, drawing: Drawing): Promise<void> {
  const { events } = drawing
  for await (const rows of tables.groups('events', ({ variant }) => variant!)) {
    const { variant = '' } = rows[0]!
    const pid = processOf(drawing, variant, 'timeline', 0)
    const lanes = new Map<string, Lanes>()
    const byEnd = rows.filter(({ ended_s }) => ended_s !== '').sort((a, b) => nanosOf(a.ended_s!) - nanosOf(b.ended_s!))
    for (const row of byEnd) {
      const { kind = '', name = '' } = row
      const started = nanosOf(row.started_s!)
      const own = lanes.get(kind) ?? new Lanes()
      lanes.set(kind, own)
      const ended = Math.max(nanosOf(row.ended_s!), started + NO_TIME)
      const lane = own.place({ started, ended })
      const tid = events.thread(pid, `${kind}s${numbered(lane)}`, KINDS.indexOf(kind) * THREADS + lane)
      events.slice(pid, tid, name, kind, started, ended, argsOf(row, ['outcome', 'detail']))
    }
    for (const row of rows) {
      const tid = events.thread(pid, `${row.kind}s`, KINDS.indexOf(row.kind!) * THREADS)
      events.instant(pid, tid, `${row.kind}: ${row.name}`, row.kind!, nanosOf(row.started_s!), 'g', argsOf(row, ['outcome', 'detail']))
    }
  }
}

const KINDS = ['command', 'rollout', 'fault']

/** Hops come in the order of their ends, so that a component's fill its threads from the first on. */
async function drawHops(tables: ResultTables, drawing: Drawing): Promise<void> {
  const { events } = drawing
  const locations = new HopLocations()
  const lanes = new Map<string, Lanes>()
  let current = ''
  for await (const row of tables.rows('objects')) {
    const { variant = '', actor = '', action = '', object = '' } = row
    if (variant !== current) locations.clear()
    current = variant
    const { process, thread, order } = placeOf(actor)
    const pid = processOf(drawing, variant, process, order)
    const started = nanosOf(row.started_s!)
    const ended = Math.max(nanosOf(row.ended_s!), started + NO_TIME)
    const key = `${pid} ${thread}`
    const own = lanes.get(key) ?? new Lanes()
    lanes.set(key, own)
    const lane = own.place({ started, ended })
    const tid = events.thread(pid, `${thread}${numbered(lane)}`, lane)
    const name = object === '' ? action : `${action} ${object}`
    events.slice(pid, tid, name, 'hop', started, ended, argsOf(row, ['hop', 'cause_hop', 'object', 'revision', 'detail', 'ended_s']))
    locations.set(Number(row.hop), pid, tid, ended - NO_TIME)
    const cause = row.cause_hop === '' ? null : locations.get(Number(row.cause_hop))
    // It may have begun before its cause was over, as a sync does that takes up what comes meanwhile.
    if (cause !== null) events.arrow(cause, { pid, tid, at: Math.min(Math.max(started, cause.at), ended - NO_TIME) })
  }
}

/** By second: what was sent, answered and failed, and how long it took. */
async function drawCounters(tables: ResultTables, drawing: Drawing): Promise<void> {
  const { events } = drawing
  const lastly = new Map<string, { pid: number; at: number }>()
  for await (const row of tables.rows('requests')) {
    const { variant = '', traffic = '' } = row
    const pid = trafficOf(drawing, variant, traffic)
    const at = nanosOf(row.interval_start_s!)
    const length = Number(row.interval_s)
    const rate = (count: number): number => count / length
    const failed = Object.keys(row).reduce((sum, column) => (column.startsWith('failed_') ? sum + Number(row[column]) : sum), 0)
    events.counter(pid, 'requests/s', at, { ok: rate(Number(row.ok)), failed: rate(failed) })
    events.counter(pid, 'p50 ms', at, { 'p50 ms': Number(row.latency_ms_p50) })
    events.counter(pid, 'p99 ms', at, { 'p99 ms': Number(row.latency_ms_p99) })
    lastly.set(`${variant}\n${traffic}`, { pid, at: at + nanosOf(row.interval_s!) })
  }
  // A counter keeps its value until the next.
  for (const { pid, at } of lastly.values()) {
    events.counter(pid, 'requests/s', at, { ok: 0, failed: 0 })
    events.counter(pid, 'p50 ms', at, { 'p50 ms': 0 })
    events.counter(pid, 'p99 ms', at, { 'p99 ms': 0 })
  }
}

/** Each request that was kept, with what it consisted of. */
async function drawSamples(tables: ResultTables, drawing: Drawing): Promise<void> {
  const { events } = drawing
  for await (const rows of tables.groups('samples', ({ variant, traffic, request }) => `${variant}\n${traffic}\n${request}`)) {
    const { variant = '', traffic = '', request = '', kept = '' } = rows[0]!
    const pid = trafficOf(drawing, variant, traffic)
    const steps = rows.map((row) => ({ row, started: nanosOf(row.started_s!), ended: nanosOf(row.ended_s!) }))
    const sorted = [...steps].sort((a, b) => a.started - b.started || b.ended - a.ended || Number(a.row.step) - Number(b.row.step))
    const lanes = new NestingLanes()
    const laneOf = new Map<string, number>()
    for (const { row, started, ended } of sorted) {
      const parentLane = laneOf.get(row.parent_step!) ?? 0
      const lane = started === ended ? parentLane : lanes.place({ started, ended }, parentLane)
      laneOf.set(row.step!, lane)
      const tid = events.thread(pid, `request ${request} (${kept})${numbered(lane)}`, Number(request) * 100 + lane)
      const name = row.name === 'request' ? `${traffic} ${request}: ${row.detail}` : row.name!
      const args = argsOf(row, ['where', 'detail'])
      if (started === ended) events.instant(pid, tid, `${name} ${row.detail}`, 'request', started, 't', args)
      else events.slice(pid, tid, name, 'request', started, ended, args)
    }
  }
}

function trafficOf(drawing: Drawing, variant: string, traffic: string): number {
  return processOf(drawing, variant, `traffic ${traffic}`, ORDER_OF_TRAFFIC)
}

function numbered(lane: number): string {
  return lane === 0 ? '' : ` ${lane + 1}`
}

/** The cells that are not empty. */
function argsOf(row: ResultRow, columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.flatMap((column) => (row[column] === '' || row[column] === undefined ? [] : [[column, row[column]!]])))
}
