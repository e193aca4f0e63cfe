import { Queue, Worker } from 'bullmq'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { CellResult } from '../../experiment/cell.ts'
import type { Task } from '../pool/task.ts'
import type { TaskThreads } from '../pool/task-threads.ts'
import { connect } from './connect.ts'
import { InputStore, storedInput } from './input-store.ts'
import { HAS_REDIS, RedisServer, until } from './redis.fixture.ts'
import { KEY_PREFIX, queueName, type Tool, taskId, taskMessage } from './task-message.ts'
import { type TaskOutcome, TaskQueue } from './task-queue.ts'
import { serveQueue, type WorkerOrder } from './worker.ts'
import type { WorkerEvent, WorkerTotals } from './worker-events.ts'

/** Both sides of a queue in this process, on a real Redis; what stands in for the simulation is a function. */
const TOOL: Tool = { version: '1.0.0', build: `sha256:${'a'.repeat(64)}` }
const OTHER: Tool = { version: '1.0.0', build: `sha256:${'b'.repeat(64)}` }

const INPUT = { path: 'lab/small.yaml', files: { 'lab/small.yaml': { kind: 'file', text: 'kind: Scenario\n' } } } as const

function task(seed: string): Task {
  return { kind: 'cell', input: INPUT, variant: 'one', changes: [{ target: ['spec', 'duration'], value: '25s' }], seed }
}

function result(seed: string): CellResult {
  return { inputHash: `hash of ${seed}` } as CellResult
}

const echo = async (one: Task): Promise<CellResult> => result(one.seed)

let redis: RedisServer
beforeAll(async () => {
  if (HAS_REDIS) redis = await RedisServer.start()
})
afterAll(() => redis?.remove())

let opened: (() => Promise<unknown>)[] = []
beforeEach(async () => {
  opened = []
  if (!HAS_REDIS) return
  const client = redis.client()
  await client.flushall()
  client.disconnect()
})
afterEach(async () => {
  for (const close of opened.toReversed()) await close()
})

async function asking(tool = TOOL) {
  const notes: string[] = []
  const open = await TaskQueue.open({ url: redis.url, tool, name: `asks-${opened.length}`, note: (text) => notes.push(text) })
  if (!open.ok) throw new Error(open.reason)
  opened.push(() => open.queue.close())
  return { queue: open.queue, notes }
}

interface Working {
  readonly events: WorkerEvent[]
  readonly stop: () => void
  readonly stopNow: () => void
  readonly ended: Promise<WorkerTotals | null>
}

function working(run: TaskThreads['run'], order: Partial<WorkerOrder> = {}): Working {
  const events: WorkerEvent[] = []
  const [stop, stopNow] = [new AbortController(), new AbortController()]
  const full = { url: redis.url, name: `works-${opened.length}`, concurrency: 2, drain: false, lostAfterMs: 30_000, graceMs: 60_000 }
  const ended = serveQueue(
    { ...full, tool: TOOL, ...order },
    {
      threads: { run, close: async () => {} },
      tell: (event) => void events.push(event),
      stop: stop.signal,
      stopNow: stopNow.signal,
      now: () => 0,
    },
  )
  opened.push(() => {
    stop.abort()
    stopNow.abort()
    return ended
  })
  return { events, stop: () => stop.abort(), stopNow: () => stopNow.abort(), ended }
}

async function outcomes(queue: TaskQueue, seeds: readonly string[], signal?: AbortSignal): Promise<TaskOutcome<string>[]> {
  const list: TaskOutcome<string>[] = []
  for await (const one of queue.run(
    seeds.map((seed) => [seed, task(seed)] as const),
    signal,
  ))
    list.push(one)
  return list.toSorted((a, b) => (a.key < b.key ? -1 : 1))
}

const good = (seed: string) => ({ key: seed, ok: true, result: result(seed) })

/** The keys in Redis, without those that BullMQ keeps of a queue for a day. */
async function keys(): Promise<string[]> {
  const client = redis.client()
  const all = await client.keys('*')
  client.disconnect()
  return all.filter((key) => !/:(events|meta|id|marker|stalled-check|present)$/.test(key)).toSorted()
}

function rawQueue(): Queue {
  const queue = new Queue(queueName(TOOL), { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: KEY_PREFIX })
  opened.push(() => queue.close())
  return queue
}

describe.runIf(HAS_REDIS)('a queue', () => {
  test('gives each task back once, whatever number of workers, and leaves nothing of it in Redis', async () => {
    const { queue, notes } = await asking()
    const workers = [working(echo), working(echo), working(echo)]
    const seeds = Array.from({ length: 50 }, (_, index) => String(index)).toSorted()
    expect(await outcomes(queue, seeds)).toEqual(seeds.map(good))
    await queue.close()
    expect(await keys()).toEqual([])
    expect(notes.filter((note) => !note.startsWith('No worker'))).toEqual([])
    for (const { stop } of workers) stop()
    const totals = await Promise.all(workers.map(({ ended }) => ended))
    expect(totals.reduce((sum, one) => sum + one!.finished, 0)).toBe(50)
  })

  test('does two tasks that are the same once, and gives the result to both', async () => {
    const { queue } = await asking()
    let runs = 0
    working((one) => {
      runs++
      return echo(one)
    })
    const list: TaskOutcome<number>[] = []
    for await (const one of queue.run([
      [1, task('a')],
      [2, task('a')],
    ] as const))
      list.push(one)
    expect(list.map(({ key }) => key)).toEqual([1, 2])
    expect(runs).toBe(1)
  })

  test('reports a task that fails at every try with its mistake, and the others go on', async () => {
    const { queue } = await asking()
    let tries = 0
    const { events } = working(async (one) => {
      if (one.seed !== 'poisoned') return echo(one)
      tries++
      throw new Error('a bug')
    })
    const list = await outcomes(queue, ['a', 'b', 'poisoned', 'z'])
    expect(list.filter(({ ok }) => ok)).toEqual(['a', 'b', 'z'].map(good))
    expect(list[2]).toMatchObject({ ok: false, lost: false, stack: expect.stringContaining('Error: a bug\n    at ') })
    expect(tries).toBe(3)
    expect(events.filter(({ kind }) => kind === 'failed')).toMatchObject([{ last: false }, { last: false }, { last: true }])
  })

  test('takes over what has become of tasks whose command did not live to see it, and gives those that failed their tries again', async () => {
    const raw = rawQueue()
    await leftBehind(raw, ['a', 'b'])
    const first = working((one) => (one.seed === 'b' ? Promise.reject(new Error('full disk')) : echo(one)))
    await until(async () => (await raw.getCompletedCount()) + (await raw.getFailedCount()) === 2)
    first.stop()
    await first.ended
    const { queue } = await asking()
    const done: string[] = []
    const list = outcomes(queue, ['a', 'b'])
    await until(async () => (await raw.getCompletedCount()) === 0 && (await raw.getFailedCount()) === 0)
    working((one) => {
      done.push(one.seed)
      return echo(one)
    })
    expect(await list).toEqual([good('a'), good('b')])
    expect(done).toEqual(['b'])
  })

  test('has its tasks done by another worker when one is told to end and its grace is over', async () => {
    const { queue } = await asking()
    let began = 0
    const first = working(
      () => {
        began++
        return new Promise(() => {})
      },
      { graceMs: 10 },
    )
    const list = outcomes(queue, ['a', 'b'])
    await until(() => began === 2)
    first.stop()
    expect(await first.ended).toEqual({ finished: 0, failed: 0, givenBack: 2 })
    working(echo)
    expect(await list).toEqual([good('a'), good('b')])
  })

  test('lets a worker that is told to end finish what it is doing, and begin nothing more', async () => {
    const { queue } = await asking()
    const ends = new Map<string, () => void>()
    const first = working((one) => new Promise((done) => ends.set(one.seed, () => done(result(one.seed)))), { concurrency: 1 })
    const list = outcomes(queue, ['a', 'b'])
    await until(() => ends.size === 1)
    first.stop()
    const [[begun, end]] = [...ends] as [[string, () => void]]
    end()
    expect(await first.ended).toEqual({ finished: 1, failed: 0, givenBack: 0 })
    expect([...ends.keys()]).toEqual([begun])
    working(echo)
    expect(await list).toEqual([good('a'), good('b')])
  })

  test('ends at an abort, and removes what no worker has begun', async () => {
    const { queue } = await asking()
    const controller = new AbortController()
    const list = outcomes(queue, ['a', 'b', 'c'], controller.signal)
    const raw = rawQueue()
    await until(async () => (await raw.getWaitingCount()) === 3)
    expect((await keys()).length).toBeGreaterThan(0)
    controller.abort()
    expect(await list).toEqual([])
    await queue.close()
    expect(await keys()).toEqual([])
  })

  test('has its workers end when nothing is to be done and nobody could ask, where they are told so', async () => {
    const { queue } = await asking()
    const { ended } = working(echo, { drain: true })
    let over = false
    void ended.then(() => {
      over = true
    })
    expect(await outcomes(queue, ['a'])).toEqual([good('a')])
    // The one who asks is still there, as in the search of a rollout.
    expect(await outcomes(queue, ['b'])).toEqual([good('b')])
    expect(over).toBe(false)
    await queue.close()
    expect(await ended).toEqual({ finished: 2, failed: 0, givenBack: 0 })
  })
})

/** What a command that was killed leaves in Redis. */
async function leftBehind(raw: Queue, seeds: readonly string[]): Promise<void> {
  const client = redis.client()
  const input = storedInput(INPUT)
  await new InputStore(client).put(input)
  client.disconnect()
  for (const seed of seeds) {
    const message = taskMessage(task(seed), input.hash, TOOL)
    await raw.add('cell', message, { jobId: taskId(message) })
  }
}

describe.runIf(HAS_REDIS)('what comes from Redis', () => {
  test.each([
    ['nothing', 'x', {}, 'This is no task of Towtank: schemaVersion'],
    ['another form', 'x', { schemaVersion: 2 }, 'This is no task of Towtank: schemaVersion'],
    ['a list', 'x', [1], 'This is no task of Towtank'],
    ['a task with the id of another', 'cell-1', taskMessage(task('a'), `sha256:${'0'.repeat(64)}`, TOOL), 'its id is not that'],
    [
      'a task of another program',
      'x',
      taskMessage(task('a'), `sha256:${'0'.repeat(64)}`, OTHER),
      'This is a task for Towtank 1.0.0 (build bbbbbbbbbbbb), and this is',
    ],
    ['a task without a seed', 'x', { ...taskMessage(task('a'), `sha256:${'0'.repeat(64)}`, TOOL), task: { kind: 'cell' } }, 'task.variant'],
  ])('as a job is told when it is wrong, tried once, and does not end the worker: %s', async (_case, jobId, data, reason) => {
    const { events } = working(echo)
    const raw = rawQueue()
    await raw.add('cell', data, { jobId, attempts: 3 })
    await until(() => events.some(({ kind }) => kind === 'failed'))
    expect(events.filter(({ kind }) => kind === 'failed')).toEqual([
      { kind: 'failed', id: jobId, last: true, reason: expect.stringContaining(reason) },
    ])
    const { queue } = await asking()
    expect(await outcomes(queue, ['a'])).toEqual([good('a')])
  })

  test('as a result is not believed when it is not what a worker writes: the task is done again, and at last reported', async () => {
    const { queue } = await asking()
    let answers = 0
    const liar = new Worker(
      queueName(TOOL),
      async () => {
        answers++
        return { schemaVersion: 1, task: 'x', result: { inputHash: 'made up' }, contentHash: `sha256:${'0'.repeat(64)}` }
      },
      { connection: { url: redis.url, maxRetriesPerRequest: null }, prefix: KEY_PREFIX },
    )
    opened.push(() => liar.close())
    expect(await outcomes(queue, ['a'])).toMatchObject([
      { ok: false, lost: true, stack: expect.stringContaining('not what a worker writes') },
    ])
    expect(answers).toBe(6)
  })

  test('may lack the texts of the scenario: they are put there again', async () => {
    const { queue } = await asking()
    const raw = rawQueue()
    const list = outcomes(queue, ['a', 'b'])
    await until(async () => (await raw.getWaitingCount()) === 2)
    const client = redis.client()
    await client.del(...(await client.keys('towtank:input:*')))
    working(echo)
    expect(await list).toEqual([good('a'), good('b')])
    client.disconnect()
  })

  test('may be nothing at all any more: every task is put there again', async () => {
    const { queue } = await asking()
    const raw = rawQueue()
    const list = outcomes(queue, ['a', 'b', 'c'])
    await until(async () => (await raw.getWaitingCount()) === 3)
    const client = redis.client()
    await client.flushall()
    client.disconnect()
    working(echo)
    expect(await list).toEqual([good('a'), good('b'), good('c')])
  })
})

describe.runIf(HAS_REDIS)('another version', () => {
  test('does no task of this one, and both sides are told', async () => {
    const worker = working(() => Promise.reject(new Error('it must not run')), { tool: OTHER })
    await until(() => worker.events.some(({ kind }) => kind === 'started'))
    const { queue, notes } = await asking()
    const controller = new AbortController()
    const list = outcomes(queue, ['a'], controller.signal)
    await until(() => notes.some((note) => note.includes('build bbbbbbbbbbbb')))
    await until(() => worker.events.some(({ kind }) => kind === 'foreign'))
    expect(notes.at(-1)).toBe(
      `The workers at ${redis.url} are of Towtank 1.0.0 (build bbbbbbbbbbbb) and do no work for this one, 1.0.0 (build aaaaaaaaaaaa): install the same version everywhere`,
    )
    expect(worker.events.find(({ kind }) => kind === 'foreign')).toEqual({
      kind: 'foreign',
      tools: '1.0.0 (build aaaaaaaaaaaa)',
      own: '1.0.0 (build bbbbbbbbbbbb)',
    })
    controller.abort()
    expect(await list).toEqual([])
  })
})

describe('a queue that cannot be reached', () => {
  test('is told with its reason, and without its password', async () => {
    const refused = await connect('redis://:secret@127.0.0.1:1/0', { firstMs: 300 })
    expect(refused).toEqual({
      ok: false,
      reason: expect.stringMatching(/^Cannot connect to the queue at redis:\/\/:\*\*\*@127\.0\.0\.1:1\/0: .*ECONNREFUSED/),
    })
  })
})
