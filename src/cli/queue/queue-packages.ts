import type * as Bullmq from 'bullmq'
import type { Redis } from 'ioredis'

/** The packages that only a queue needs, loaded when there is one. */
export interface QueuePackages {
  readonly bullmq: typeof Bullmq
  readonly Redis: typeof Redis
}

/** Majors that Towtank is tested with, as in its package.json. */
const PACKAGES = ['bullmq@6', 'ioredis@5']

/** `load` stands in for `import` where a test says so. */
export async function queuePackages(
  load: (name: string) => Promise<unknown> = (name) => import(name),
): Promise<({ readonly ok: true } & QueuePackages) | { readonly ok: false; readonly reason: string }> {
  try {
    const bullmq = (await load('bullmq')) as typeof Bullmq
    const { Redis: client } = (await load('ioredis')) as { Redis: typeof Redis }
    return { ok: true, bullmq, Redis: client }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    const packages = PACKAGES.join(' ')
    return {
      ok: false,
      reason: `A queue needs packages that nothing else does, and they are not installed beside Towtank:\n  npm install ${packages}\nor, where Towtank was installed with --global:\n  npm install --global ${packages}`,
    }
  }
}
