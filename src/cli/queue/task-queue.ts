import type { Queue, QueueEvents } from 'bullmq'
import type { CellInput } from '../../experiment/cell.ts'
import type { Task, TaskResult } from '../pool/task.ts'
import { type Connection, connect } from './connect.ts'
import { InputStore, KEPT_SECONDS, type StoredInput, storedInput } from './input-store.ts'
import { BEAT_MS, Presence } from './presence.ts'
import { KEY_PREFIX, queueName, readAnswer, type TaskMessage, type Tool, taskId, taskMessage, toolText } from './task-message.ts'
import { INPUT_GONE, LOST_TOO_OFTEN, TRIES } from './tries.ts'

export interface TaskQueueOptions {
  readonly url: string
  readonly tool: Tool
  /** Of this process, for others to tell it from themselves. */
  readonly name: string
  /** Told what a user may want to know. */
  readonly note: (text: string) => void
}

export type TaskOutcome<Key> = { readonly key: Key } & (
  | { readonly ok: true; readonly result: TaskResult }
  | { readonly ok: false; readonly stack: string; readonly lost: boolean }
)

/** Asked for and not come back. */
interface Pending<Key> {
  readonly message: TaskMessage
  readonly keys: Key[]
  readonly input: StoredInput
  /** How often it had to be put into the queue anew, because of what was in Redis. */
  renewed: number
}

/** A queue whose events were missed, or that has lost what was in it, is looked through this often, so many tasks at a time. */
const LOOK_MS = 2000
const LOOKED_AT = 2000
const RENEWED_MAX = 5
/** How long cleaning up may take at the end. */
const CLOSE_MS = 5000
/** Tasks added in one go, so that an abort comes through. */
const ADDED_AT_ONCE = 500

/**
 * The asking side of a queue: tasks go in, workers on any machine do them, and each comes out once.
 *
 * Redis may be restarted, lose everything, or be out of reach for a while. Events only say where to look: what has become of a task is read from
 * its job, and a job that is not there any more is put there again. That is right however often a task is done, as it gives the same bytes each
 * time.
 */
export class TaskQueue {
  readonly #connection: Connection
  readonly #queue: Queue
  readonly #events: QueueEvents
  readonly #inputs: InputStore
  readonly #presence: Presence
  readonly #options: TaskQueueOptions
  readonly #stored = new Map<CellInput, StoredInput>()
  readonly #beat: NodeJS.Timeout
  #told = ''
  #active = 0
  /** Of the run that is under way. */
  #look: (id: string) => void = () => {}
  #closed = false

  private constructor(connection: Connection, options: TaskQueueOptions) {
    const { bullmq, redis, another } = connection
    const { tool, name } = options
    this.#connection = connection
    this.#options = options
    this.#queue = new bullmq.Queue(queueName(tool), {
      connection: redis,
      prefix: KEY_PREFIX,
      // An event has the result of its task with it; those that are dropped are not missed.
      streams: { events: { maxLen: 1000 } },
      defaultJobOptions: {
        attempts: TRIES,
        removeOnComplete: { age: KEPT_SECONDS },
        removeOnFail: { age: KEPT_SECONDS },
      },
    })
    this.#events = new bullmq.QueueEvents(queueName(tool), { connection: another(), prefix: KEY_PREFIX })
    this.#inputs = new InputStore(redis)
    this.#presence = new Presence(redis, { role: 'asks', name, tool })
    // A connection that is lost is told by the one who made it.
    this.#queue.on('error', () => {})
    this.#events.on('error', () => {})
    this.#events.on('completed', ({ jobId }) => this.#look(jobId))
    this.#events.on('failed', ({ jobId }) => this.#look(jobId))
    this.#beat = everyWhile(BEAT_MS, () => this.#sayHere())
  }

  static async open(
    options: TaskQueueOptions,
  ): Promise<{ readonly ok: true; readonly queue: TaskQueue } | { readonly ok: false; readonly reason: string }> {
    const { note } = options
    const connected = await connect(options.url, {
      onLost: () => note('The connection to the queue is lost; trying again until it is back'),
      onBack: () => note('The connection to the queue is back'),
    })
    return connected.ok ? { ok: true, queue: new TaskQueue(connected.connection, options) } : connected
  }

  /** Tasks that workers are doing, as far as is known. */
  get active(): number {
    return this.#active
  }

  /**
   * Outcomes in the order in which they come back, each with the key that was given with its task. A task whose outcome has been taken is removed from
   * the queue. After an abort the outcomes end early, and what no worker has begun is removed. One run at a time.
   */
  async *run<Key>(tasks: Iterable<readonly [Key, Task]>, signal?: AbortSignal): AsyncGenerator<TaskOutcome<Key>, void, undefined> {
    const pending = new Map<string, Pending<Key>>()
    for (const [key, task] of tasks) {
      const input = this.#storedInput(task.input)
      const message = taskMessage(task, input.hash, this.#options.tool)
      const id = taskId(message)
      const known = pending.get(id)
      if (known === undefined) pending.set(id, { message, keys: [key], input, renewed: 0 })
      else known.keys.push(key)
    }
    const ready: TaskOutcome<Key>[] = []
    let wake = (): void => {}
    const settle = (id: string, outcome: { ok: true; result: TaskResult } | { ok: false; stack: string; lost: boolean }): void => {
      const { keys } = pending.get(id)!
      pending.delete(id)
      ready.push(...keys.map((key) => ({ key, ...outcome })))
      // What has been taken over here is of no use there any more.
      void this.#queue.remove(id).catch(() => {})
      wake()
    }
    const run: Run<Key> = { pending, settle }
    const abort = (): void => wake()
    signal?.addEventListener('abort', abort, { once: true })
    this.#look = (id) => void this.#lookAt(run, [id]).catch(() => {})
    let from = 0
    const looking = everyWhile(LOOK_MS, async () => {
      this.#active = await this.#queue.getActiveCount()
      const ids = [...pending.keys()]
      if (from >= ids.length) from = 0
      const some = ids.slice(from, from + LOOKED_AT)
      from += LOOKED_AT
      await this.#lookAt(run, some)
    })
    try {
      // A lost connection must not keep an abort waiting.
      void this.#begin(run, signal).catch(() => {})
      while ((pending.size > 0 || ready.length > 0) && signal?.aborted !== true) {
        const outcome = ready.shift()
        if (outcome !== undefined) yield outcome
        else await new Promise<void>((done) => (wake = done))
      }
    } finally {
      clearInterval(looking)
      signal?.removeEventListener('abort', abort)
      this.#look = () => {}
      if (pending.size > 0) await inTime(Promise.all([...pending.keys()].map((id) => this.#queue.remove(id).catch(() => 0))))
    }
  }

  /** Leaves nothing behind but what BullMQ knows of the queue, for as long as it is kept. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#beat)
    const { redis } = this.#connection
    await inTime(
      (async () => {
        await this.#presence.leave()
        for (const input of this.#stored.values()) await this.#inputs.remove(input)
        for (const key of ['meta', 'id', 'events', 'marker']) await redis.expire(this.#queue.toKey(key), KEPT_SECONDS)
        await this.#queue.close()
        await this.#events.close()
      })(),
    )
    this.#connection.close()
  }

  /** Puts all tasks into the queue that are not there from an earlier run. */
  async #begin<Key>(run: Run<Key>, signal: AbortSignal | undefined): Promise<void> {
    await this.#sayHere()
    const ids = [...run.pending.keys()]
    for (let from = 0; from < ids.length && signal?.aborted !== true; from += ADDED_AT_ONCE) {
      const some = ids.slice(from, from + ADDED_AT_ONCE)
      const states = await this.#states(some)
      // One that failed earlier has its tries again.
      await Promise.all(some.map((id, index) => (states[index] === 'failed' ? this.#queue.remove(id) : null)))
      await this.#lookAt(run, some)
    }
  }

  /** Finds out what has become of tasks. Those that are not in the queue are put there. */
  async #lookAt<Key>({ pending, settle }: Run<Key>, asked: readonly string[]): Promise<void> {
    const ids = asked.filter((id) => pending.has(id))
    const states = await this.#states(ids)
    const absent: string[] = []
    for (const [index, id] of ids.entries()) {
      const one = pending.get(id)
      const state = states[index]
      if (one === undefined) continue
      if (state === 'unknown') absent.push(id)
      if (state !== 'completed' && state !== 'failed') continue
      const job = await this.#queue.getJob(id)
      if (job == null || !pending.has(id)) continue
      if (state === 'completed') {
        const result = readAnswer(id, job.returnvalue)
        if (result !== null) settle(id, { ok: true, result })
        else if (await this.#renewed(id, one)) absent.push(id)
        else settle(id, { ok: false, lost: true, stack: 'What came back from the queue is not what a worker writes' })
        continue
      }
      const reason = job.failedReason ?? 'no reason was given'
      if (reason === INPUT_GONE) {
        if (await this.#renewed(id, one)) absent.push(id)
        else settle(id, { ok: false, lost: true, stack: 'Workers did not find the texts of the scenario in Redis' })
      } else if (LOST_TOO_OFTEN.test(reason)) {
        const stack = `Each of the ${TRIES} workers that began it was gone before it ended: killed, out of memory, or cut off`
        settle(id, { ok: false, lost: true, stack })
      } else settle(id, { ok: false, lost: false, stack: job.stacktrace?.at(-1) ?? reason })
    }
    const found = absent.flatMap((id) => pending.get(id) ?? [])
    if (found.length === 0) return
    for (const input of new Set(found.map(({ input }) => input))) await this.#inputs.keep(input)
    await this.#queue.addBulk(found.map(({ message }) => ({ name: message.task.kind, data: message, opts: { jobId: taskId(message) } })))
  }

  /** Takes a task out of the queue to put it in once more; false when that has been done often enough. */
  async #renewed<Key>(id: string, one: Pending<Key>): Promise<boolean> {
    one.renewed++
    if (one.renewed > RENEWED_MAX) return false
    await this.#queue.remove(id)
    return true
  }

  #states(ids: readonly string[]): Promise<readonly string[]> {
    return Promise.all(ids.map((id) => this.#queue.getJobState(id)))
  }

  #storedInput(input: CellInput): StoredInput {
    const stored = this.#stored.get(input) ?? storedInput(input)
    this.#stored.set(input, stored)
    return stored
  }

  async #sayHere(): Promise<void> {
    await this.#presence.beat()
    for (const input of this.#stored.values()) await this.#inputs.keep(input)
    const { same, different } = await this.#presence.others('works')
    const { tool, note, url } = this.#options
    const shown = this.#connection.shown
    const foreign = [...new Set(different.map((one) => toolText(one.tool)))].toSorted().join(', ')
    const text =
      same.length > 0
        ? ''
        : foreign === ''
          ? `No worker is at ${shown} yet: towtank worker --queue ${url === shown ? shown : 'URL'} starts one, on this machine or another`
          : `The workers at ${shown} are of Towtank ${foreign} and do no work for this one, ${toolText(tool)}: install the same version everywhere`
    if (text !== '' && text !== this.#told) note(text)
    this.#told = text
  }
}

interface Run<Key> {
  readonly pending: Map<string, Pending<Key>>
  readonly settle: (id: string, outcome: { ok: true; result: TaskResult } | { ok: false; stack: string; lost: boolean }) => void
}

/** Does something again and again, never twice at the same time; what fails is tried again the next time. */
function everyWhile(ms: number, work: () => Promise<void>): NodeJS.Timeout {
  let busy = false
  return setInterval(() => {
    if (busy) return
    busy = true
    void work()
      .catch(() => {})
      .finally(() => {
        busy = false
      })
  }, ms)
}

/** Waits for the end of something, but not for ever. */
export async function inTime(work: Promise<unknown>, ms = CLOSE_MS): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, ms)
  })
  await Promise.race([work.catch(() => {}), late])
  clearTimeout(timer)
}
