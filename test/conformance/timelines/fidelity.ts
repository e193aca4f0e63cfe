import { readFileSync } from 'node:fs'
import { creations } from './checks/comparison.ts'
import { durations } from './checks/durations.ts'
import { course, deathOf } from './checks/node-failure.ts'
import { type Change, readRecording } from './recording.ts'
import { replay } from './replay.ts'
import { setUpOf } from './set-up.ts'

export { course, creations, deathOf, durations }

/** A recording and what the model did on its set-up, for charts and tables. */
export function sideBySide(path: string): {
  recorded: readonly Change[]
  model: readonly Change[]
  recording: ReturnType<typeof readRecording>
} {
  const lines = readFileSync(path, 'utf8').split('\n')
  const recording = readRecording(lines.filter((line) => line !== '').map((line) => JSON.parse(line)))
  return { recorded: recording.changes, model: replay(recording, setUpOf(recording)).changes, recording }
}

/** How many there are after each change: pods of the Deployments, or endpoints that are ready. */
export function counts(changes: readonly Change[], of: 'pods' | 'ready endpoints'): [number, number][] {
  const pods = new Set<string>()
  const points: [number, number][] = []
  for (const { t, kind, event, name, state } of changes) {
    if (of === 'pods' && kind === 'pod' && changes.some((set) => set.kind === 'rs' && set.name === state.own)) {
      if (event === 'D') pods.delete(name)
      else pods.add(name)
      points.push([t, pods.size])
    }
    if (of === 'ready endpoints' && kind === 'eps' && event !== 'D') {
      points.push([t, Object.values(state.ep ?? {}).filter((flags) => String(flags).startsWith('R')).length])
    }
  }
  return points.filter(([, count], i) => i === 0 || count !== points[i - 1]![1])
}
