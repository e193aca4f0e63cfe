import type { Job } from 'bullmq'
import type { CellInput } from '../../experiment/cell.ts'
import type { Task } from '../pool/task.ts'
import type { TaskThreads } from '../pool/task-threads.ts'
import { connect } from './connect.ts'
import { InputStore } from './input-store.ts'
import { BEAT_MS, Presence } from './presence.ts'
import { answerMessage, KEY_PREFIX, queueName, readMessage, type Tool, toolText } from './task-message.ts'
import { inTime } from './task-queue.ts'
import { INPUT_GONE, TRIES } from './tries.ts'
import type { WorkerEvent, WorkerTotals } from './worker-events.ts'

export interface WorkerOrder {
  readonly url: string
  readonly name: string
  /** Tasks at once. */
  readonly concurrency: number
  /** Ends when nothing is to be done. */
  readonly drain: boolean
  /** Whose tasks have not been heard of for so long is taken to be gone, and others do them. */
  readonly lostAfterMs: number
  /** How long tasks may go on once the worker is told to end; then they are given back. */
  readonly graceMs: number
  readonly tool: Tool
}

export interface WorkerTools {
  readonly threads: TaskThreads
  readonly tell: (event: WorkerEvent) => void
  /** Ends the worker: first when what it is doing has ended or the grace is over, then at once. */
  readonly stop: AbortSignal
  readonly stopNow: AbortSignal
  /** Milliseconds. */
  readonly now: () => number
}

/** How often an idle worker that ends when nothing is to be done looks whether that is so. */
const IDLE_MS = 500
/** After the tasks have been given back, or cannot be because Redis is out of reach. */
const END_MS = 5000
/** Inputs that are kept in memory: experiments take turns. */
const INPUTS_KEPT = 4

/** Does tasks of a queue until it is told to end. Nothing that comes from Redis can end it. null when there is no queue; then that has been told. */
export async function serveQueue(order: WorkerOrder, { threads, tell, stop, stopNow, now }: WorkerTools): Promise<WorkerTotals | null> {
  const { name, tool, concurrency, lostAfterMs } = order
  const connected = await connect(order.url, { onLost: () => tell({ kind: 'lost' }), onBack: () => tell({ kind: 'back' }) })
  if (!connected.ok) {
    tell({ kind: 'refused', reason: connected.reason })
    return null
  }
  const { connection } = connected
  const { bullmq, redis, shown } = connection
  const totals = { finished: 0, failed: 0, givenBack: 0 }
  const inputs = new Inputs(new InputStore(redis))
  const presence = new Presence(redis, { role: 'works', name, tool })
  const giveBack = new AbortController()
  const givingBack = new Promise<null>((settle) => giveBack.signal.addEventListener('abort', () => settle(null), { once: true }))

  const work = async (job: Job, token?: string): Promise<unknown> => {
    const read = readMessage(job.id, job.data, tool)
    if (!read.ok) throw new bullmq.UnrecoverableError(read.reason)
    const { message } = read
    const input = await inputs.get(message.input)
    if (input === null) throw new bullmq.UnrecoverableError(INPUT_GONE)
    const began = now()
    const doing = threads.run({ ...message.task, input } as Task)
    doing.catch(() => {})
    const result = giveBack.signal.aborted ? null : await Promise.race([doing, givingBack])
    if (result === null) {
      await job.moveToWait(token)
      totals.givenBack++
      throw new bullmq.WaitingError()
    }
    const answer = answerMessage(job.id!, result)
    tell({ kind: 'done', id: job.id!, variant: message.task.variant, seed: message.task.seed, seconds: (now() - began) / 1000 })
    return answer
  }

  const worker = new bullmq.Worker(queueName(tool), work, {
    connection: redis,
    prefix: KEY_PREFIX,
    name,
    concurrency,
    lockDuration: lostAfterMs,
    stalledInterval: lostAfterMs,
    maxStalledCount: TRIES - 1,
    drainDelay: 2,
    runRetryDelay: 1000,
  })
  const queue = new bullmq.Queue(queueName(tool), { connection: redis, prefix: KEY_PREFIX, skipMetasUpdate: true })
  queue.on('error', () => {})
  worker.on('completed', () => {
    totals.finished++
  })
  worker.on('failed', (job, error) => {
    const last = job === undefined || job.finishedOn !== undefined
    if (last) totals.failed++
    tell({ kind: 'failed', id: job?.id ?? 'a task', reason: error.message, last })
  })
  worker.on('error', (error) => {
    // A connection that is lost is told once; every command says so, too.
    if (redis.status === 'ready' && !isOfConnection(error)) tell({ kind: 'trouble', reason: error.message })
  })
  tell({ kind: 'started', name, concurrency, shown, tool: toolText(tool) })

  let told = ''
  const beat = async (): Promise<void> => {
    await presence.beat()
    const { same, different } = await presence.others('asks')
    const foreign = [...new Set(different.map((one) => toolText(one.tool)))].toSorted().join(', ')
    if (same.length === 0 && foreign !== '' && foreign !== told) tell({ kind: 'foreign', tools: foreign, own: toolText(tool) })
    told = foreign
  }
  const isIdle = async (): Promise<boolean> => {
    const counts = await queue.getJobCounts('waiting', 'active', 'delayed', 'prioritized')
    if (Object.values(counts).some((count) => count > 0)) return false
    return (await presence.others('asks')).same.length === 0
  }
  void beat().catch(() => {})
  const beats = setInterval(() => void beat().catch(() => {}), BEAT_MS)
  let idle: NodeJS.Timeout | undefined
  await new Promise<void>((ended) => {
    if (stop.aborted) return ended()
    stop.addEventListener('abort', () => ended(), { once: true })
    if (!order.drain) return
    let looking = false
    idle = setInterval(() => {
      if (looking) return
      looking = true
      isIdle()
        .then((over) => over && ended())
        .catch(() => {})
        .finally(() => {
          looking = false
        })
    }, IDLE_MS)
  })
  clearInterval(idle)
  clearInterval(beats)

  const closing = worker.close()
  const grace = setTimeout(() => giveBack.abort(), order.graceMs)
  const atOnce = (): void => giveBack.abort()
  if (stopNow.aborted) atOnce()
  stopNow.addEventListener('abort', atOnce, { once: true })
  await Promise.race([closing, givingBack])
  clearTimeout(grace)
  stopNow.removeEventListener('abort', atOnce)
  await inTime(closing, END_MS)
  await threads.close()
  await inTime(presence.leave(), END_MS)
  await inTime(queue.close(), END_MS)
  connection.close()
  return totals
}

/** The inputs of the last experiments, so that each is fetched once and not for every task. */
class Inputs {
  readonly #store: InputStore
  readonly #kept = new Map<string, Promise<CellInput | null>>()

  constructor(store: InputStore) {
    this.#store = store
  }

  async get(hash: string): Promise<CellInput | null> {
    const known = this.#kept.get(hash) ?? this.#store.get(hash)
    // The one that was used last is the last to be dropped.
    this.#kept.delete(hash)
    this.#kept.set(hash, known)
    const [oldest] = this.#kept.keys()
    if (this.#kept.size > INPUTS_KEPT) this.#kept.delete(oldest!)
    try {
      const input = await known
      if (input === null) this.#kept.delete(hash)
      return input
    } catch (error) {
      this.#kept.delete(hash)
      throw error
    }
  }
}

function isOfConnection({ message }: Error): boolean {
  return /Connection is closed|ECONN|EPIPE|Command aborted|LOADING/.test(message)
}
