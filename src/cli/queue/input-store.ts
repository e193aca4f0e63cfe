import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { CellInput } from '../../experiment/cell.ts'
import { textsHash } from '../../scenario/load-hash.ts'
import { KEY_PREFIX } from './task-message.ts'

const compress = promisify(gzip)
const expand = promisify(gunzip)

/** How long what is in Redis is kept when whoever put it there does not come back. */
export const KEPT_SECONDS = 24 * 3600

/** An input is a scenario, its manifests and times of arrivals: more than their largest files together. */
const INPUT_BYTES_MAX = 256 * 1024 * 1024

const inputSchema = z.strictObject({
  path: z.string(),
  files: z.record(
    z.string(),
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('file'), text: z.string() }),
      z.strictObject({ kind: z.literal('folder'), names: z.array(z.string()) }),
      z.strictObject({ kind: z.literal('missing') }),
      z.strictObject({
        kind: z.literal('unreadable'),
        reason: z.string(),
        place: z.strictObject({ line: z.number(), column: z.number() }).optional(),
      }),
    ]),
  ),
})

/** The text of an input and its hash. */
export interface StoredInput {
  readonly hash: string
  readonly text: string
}

export function storedInput(input: CellInput): StoredInput {
  const text = JSON.stringify(input)
  return { hash: textsHash([text]), text }
}

/**
 * The texts that tasks are made from, in Redis: once for all tasks of an experiment, compressed, under their hash. They are removed with the
 * experiment, or expire.
 */
export class InputStore {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  async put({ hash, text }: StoredInput): Promise<void> {
    await this.#redis.set(keyOf(hash), await compress(text), 'EX', KEPT_SECONDS)
  }

  /** Puts back what is no longer there, such as after a Redis that keeps nothing on disk was restarted. */
  async keep(input: StoredInput): Promise<void> {
    if ((await this.#redis.expire(keyOf(input.hash), KEPT_SECONDS)) === 0) await this.put(input)
  }

  async remove({ hash }: StoredInput): Promise<void> {
    await this.#redis.del(keyOf(hash))
  }

  /** null when it is not there, or is not what its hash says. */
  async get(hash: string): Promise<CellInput | null> {
    const bytes = await this.#redis.getBuffer(keyOf(hash))
    if (bytes === null) return null
    try {
      const text = (await expand(bytes, { maxOutputLength: INPUT_BYTES_MAX })).toString('utf8')
      if (textsHash([text]) !== hash) return null
      return inputSchema.parse(JSON.parse(text)) as CellInput
    } catch {
      return null
    }
  }
}

function keyOf(hash: string): string {
  return `${KEY_PREFIX}:input:${hash}`
}
