import type { Process, Wait } from '../../engine/process.ts'

/**
 * Makes `count` calls in batches of 1, 2, 4, …, each batch all at once; the next begins when the last has succeeded. Gives back how many
 * succeeded and how many were left out because one failed before them.
 *
 * Source: Kubernetes pkg/controller (slowStartBatch).
 */
export function* slowStart(
  count: number,
  call: (index: number) => Process<boolean>,
): Generator<Wait, { succeeded: number; left: number }, unknown> {
  let succeeded = 0
  let made = 0
  for (let batch = 1; made < count; batch *= 2) {
    const size = Math.min(batch, count - made)
    const calls: Process<boolean>[] = []
    for (let i = 0; i < size; i++) calls.push(call(made + i))
    let failed = 0
    for (const process of calls) {
      if (yield process) succeeded++
      else failed++
    }
    made += size
    if (failed > 0) return { succeeded, left: count - made }
  }
  return { succeeded, left: 0 }
}
