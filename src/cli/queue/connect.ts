import type { Redis } from 'ioredis'
import { shownUrl } from './queue-address.ts'
import { type QueuePackages, queuePackages } from './queue-packages.ts'

/** A Redis that is there. It reconnects by itself for as long as it takes, and what is asked of it meanwhile waits. */
export interface Connection extends QueuePackages {
  readonly redis: Redis
  /** The address without its password. */
  readonly shown: string
  /** Another connection to the same, closed with this one. */
  another(): Redis
  close(): void
}

export interface ConnectOptions {
  /** Once each time that the connection was lost, and when it is there again. */
  readonly onLost?: () => void
  readonly onBack?: () => void
  /** How long a first connection may take. */
  readonly firstMs?: number
}

/** A Redis that starts at the same time as its clients is there by then. */
const FIRST_MS = 15_000
const RETRY_MS_MAX = 1000

export async function connect(
  url: string,
  { onLost, onBack, firstMs = FIRST_MS }: ConnectOptions = {},
): Promise<{ readonly ok: true; readonly connection: Connection } | { readonly ok: false; readonly reason: string }> {
  const packages = await queuePackages()
  if (!packages.ok) return packages
  const clients: Redis[] = []
  const client = (): Redis => {
    const made = new packages.Redis(url, {
      // A command waits for the connection to come back, however long that takes.
      maxRetriesPerRequest: null,
      retryStrategy: (times) => Math.min(RETRY_MS_MAX, 50 * times),
      reconnectOnError: (error) => error.message.startsWith('READONLY'),
    })
    // Whoever uses it hears of errors from its commands; without a listener they would be printed.
    made.on('error', () => {})
    clients.push(made)
    return made
  }
  const redis = client()
  const close = (): void => {
    for (const one of clients) one.disconnect()
  }
  const why = await whyNotReady(redis, firstMs)
  const shown = shownUrl(url)
  if (why !== null) {
    close()
    return { ok: false, reason: `Cannot connect to the queue at ${shown}: ${why}` }
  }
  let lost = false
  redis.on('close', () => {
    if (!lost) onLost?.()
    lost = true
  })
  redis.on('ready', () => {
    if (lost) onBack?.()
    lost = false
  })
  redis.on('end', () => redis.removeAllListeners('close'))
  const closeQuietly = (): void => {
    redis.removeAllListeners('close')
    close()
  }
  return { ok: true, connection: { ...packages, redis, shown, another: client, close: closeQuietly } }
}

/** Why a Redis cannot be used, or null when it can. */
function whyNotReady(redis: Redis, firstMs: number): Promise<string | null> {
  return new Promise((settle) => {
    let last = 'it does not answer'
    const end = (why: string | null): void => {
      clearTimeout(timer)
      redis.off('ready', ready)
      redis.off('error', failed)
      settle(why)
    }
    const ready = (): void => end(null)
    const failed = (error: NodeJS.ErrnoException): void => {
      last = error.message === '' ? (error.code ?? last) : error.message
      // To ask again would not help.
      if (/^(NOAUTH|WRONGPASS|NOPERM|ERR )/.test(last)) end(last)
    }
    const timer = setTimeout(() => end(last), firstMs)
    redis.on('ready', ready)
    redis.on('error', failed)
  })
}
