import { z } from 'zod'
import { invariant } from '../../invariant.ts'
import { textsHash } from '../../scenario/load-hash.ts'
import type { Task, TaskResult } from '../pool/task.ts'

/** The version of the form of what goes through a queue, and of how it is hashed. */
export const QUEUE_SCHEMA_VERSION = 1

/** A program. Workers do the tasks of their own alone: another one's numbers may differ. */
export interface Tool {
  readonly version: string
  /** Over the code of the program. */
  readonly build: string
}

/** Every key of ours begins with it. */
export const KEY_PREFIX = 'towtank'

/** Programs whose results may differ have queues of their own. */
export function queueName({ version, build }: Tool): string {
  return `${QUEUE_SCHEMA_VERSION}-${version}-${shortBuild(build)}`
}

export function toolText({ version, build }: Tool): string {
  return `${version} (build ${shortBuild(build)})`
}

function shortBuild(build: string): string {
  return build.replace(/^sha256:/, '').slice(0, 12)
}

const toolSchema = z.strictObject({ version: z.string(), build: z.string() })
const hashSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/)
const changeSchema = z.strictObject({ target: z.array(z.union([z.string(), z.number()])), value: z.unknown() })
const settingsSchema = z.strictObject({
  preStopSeconds: z.number(),
  minReadySeconds: z.number(),
  terminationGracePeriodSeconds: z.number(),
})
const choiceSchema = z.strictObject({ object: z.string().nullable(), restart: z.string().nullable(), at: z.number() })

/** A task as it stands in a queue: its input, which it shares with others, is kept apart and named by its hash. */
const messageSchema = z.strictObject({
  schemaVersion: z.literal(QUEUE_SCHEMA_VERSION),
  tool: toolSchema,
  input: hashSchema,
  task: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('cell'), variant: z.string(), changes: z.array(changeSchema), seed: z.string() }),
    z.strictObject({
      kind: z.literal('rollout'),
      variant: z.string(),
      seed: z.string(),
      choice: choiceSchema,
      settings: settingsSchema,
      replication: z.int().min(1),
    }),
  ]),
})

export type TaskMessage = z.infer<typeof messageSchema>

export function taskMessage({ input: _, ...task }: Task, input: string, { version, build }: Tool): TaskMessage {
  return JSON.parse(JSON.stringify({ schemaVersion: QUEUE_SCHEMA_VERSION, tool: { version, build }, input, task })) as TaskMessage
}

/** Over all that the result is a function of: the same task has the same id, whoever asks for it. */
export function taskId(message: TaskMessage): string {
  return `${message.task.kind}-${textsHash([JSON.stringify(message)]).slice(7, 39)}`
}

/** Reads what a queue gives a worker. Anybody may have written it. */
export function readMessage(
  id: string | undefined,
  data: unknown,
  own: Tool,
): { readonly ok: true; readonly message: TaskMessage } | { readonly ok: false; readonly reason: string } {
  const read = messageSchema.safeParse(data)
  if (!read.success) {
    const [issue] = read.error.issues
    const where = issue?.path.join('.') ?? ''
    return { ok: false, reason: `This is no task of Towtank: ${where === '' ? '' : `${where}: `}${issue?.message ?? 'it cannot be read'}` }
  }
  const message = read.data
  const { version, build } = message.tool
  if (version !== own.version || build !== own.build)
    return { ok: false, reason: `This is a task for Towtank ${toolText(message.tool)}, and this is Towtank ${toolText(own)}` }
  if (id !== taskId(message)) return { ok: false, reason: 'This is no task of Towtank: its id is not that of what is in it' }
  return { ok: true, message }
}

const answerSchema = z.strictObject({
  schemaVersion: z.literal(QUEUE_SCHEMA_VERSION),
  task: z.string(),
  result: z.record(z.string(), z.unknown()),
  contentHash: hashSchema,
})

export type AnswerMessage = z.infer<typeof answerSchema>

/** What a worker gives back: the same bytes whoever did the task. */
export function answerMessage(task: string, result: TaskResult): AnswerMessage {
  const plain = JSON.parse(JSON.stringify(result, finite)) as AnswerMessage['result']
  return { schemaVersion: QUEUE_SCHEMA_VERSION, task, result: plain, contentHash: contentHash(task, plain) }
}

/** The result of that task, or null when it is not what a worker wrote for it. */
export function readAnswer(task: string, value: unknown): TaskResult | null {
  const read = answerSchema.safeParse(value)
  if (!read.success || read.data.task !== task) return null
  // As it was received: a checked copy could have its keys in another order.
  const { result, contentHash: written } = value as AnswerMessage
  return contentHash(task, result) === written ? (result as unknown as TaskResult) : null
}

function contentHash(task: string, result: unknown): string {
  return textsHash([task, JSON.stringify(result)])
}

function finite(_key: string, value: unknown): unknown {
  invariant(typeof value !== 'number' || Number.isFinite(value), 'every number of a result is finite')
  return value
}
