import type { Change, Recording } from './recording.ts'

/** What the first line of a recording does not say of an object's spec, but what happened does. */
export interface Traits {
  /** A StatefulSet made its pods without waiting for one another. */
  readonly parallel: boolean
  /** So many finished Jobs a CronJob kept; null when it removed none. */
  readonly jobsKept: number | null
}

export function traitsOf({ changes }: Recording, kind: string, name: string): Traits {
  return { parallel: kind === 'sts' && isParallel(changes, name), jobsKept: kind === 'cj' ? jobsKept(changes, name) : null }
}

/** A second pod is there before the first one that was created is ready. */
function isParallel(changes: readonly Change[], set: string): boolean {
  const own = changes.filter(({ kind, state }) => kind === 'pod' && state.own === set)
  const second = own.findIndex(({ event, name }) => event === 'A' && name !== own[0]!.name)
  const ready = own.findIndex(({ delta }) => (delta.c as Record<string, string> | undefined)?.Ready === 'True')
  return second >= 0 && (ready < 0 || second < ready)
}

function jobsKept(changes: readonly Change[], cron: string): number | null {
  const finished = new Set<string>()
  for (const { kind, event, name, state } of changes) {
    if (kind !== 'job' || state.own !== cron) continue
    if (event === 'D') return finished.size - 1
    if (Number(state.suc ?? 0) > 0) finished.add(name)
  }
  return null
}
