import type { Redis } from 'ioredis'
import { z } from 'zod'
import { KEY_PREFIX, type Tool } from './task-message.ts'

/** Who is at a Redis: those who ask for tasks, and those who do them. */
export interface Present {
  readonly role: 'asks' | 'works'
  readonly name: string
  readonly tool: Tool
}

const presentSchema = z.strictObject({
  role: z.enum(['asks', 'works']),
  name: z.string(),
  tool: z.strictObject({ version: z.string(), build: z.string() }),
})

/** How often everyone says that he is there, and after how long without it he is taken to be gone. */
export const BEAT_MS = 2000
const GONE_MS = 15_000

const KEY = `${KEY_PREFIX}:present`

/**
 * A list of who is at a Redis, whatever his program: those of another one never see each other's queues, and would wait for each other for ever
 * without a word. The clock is that of Redis.
 */
export class Presence {
  readonly #redis: Redis
  readonly #own: Present

  constructor(redis: Redis, own: Present) {
    this.#redis = redis
    this.#own = own
  }

  async beat(): Promise<void> {
    const now = await this.#now()
    await this.#redis.zadd(KEY, now + GONE_MS, JSON.stringify(this.#own))
    await this.#redis.zremrangebyscore(KEY, '-inf', now)
  }

  async leave(): Promise<void> {
    await this.#redis.zrem(KEY, JSON.stringify(this.#own))
  }

  async present(): Promise<readonly Present[]> {
    const texts = await this.#redis.zrangebyscore(KEY, await this.#now(), '+inf')
    return texts.flatMap((text) => {
      try {
        return [presentSchema.parse(JSON.parse(text))]
      } catch {
        return []
      }
    })
  }

  /** The others with a role: of this program, and of other ones. */
  async others(role: Present['role']): Promise<{ readonly same: readonly Present[]; readonly different: readonly Present[] }> {
    const all = (await this.present()).filter((one) => one.role === role && one.name !== this.#own.name)
    const isSame = ({ tool }: Present): boolean => tool.version === this.#own.tool.version && tool.build === this.#own.tool.build
    return { same: all.filter(isSame), different: all.filter((one) => !isSame(one)) }
  }

  /** Milliseconds. */
  async #now(): Promise<number> {
    const [seconds, microseconds] = await this.#redis.time()
    return Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000)
  }
}
