import { TIMELINE_CHECKS } from '../timelines/checks/index.ts'
import { checkDetection, isDetection } from '../timelines/detection.ts'
import { NotModelled } from '../timelines/objects.ts'
import { type Fields, readRecording } from '../timelines/recording.ts'
import { replay } from '../timelines/replay.ts'
import { NotReplayable, setUpOf } from '../timelines/set-up.ts'
import { FormError, type Outcome, Tally } from './outcome.ts'

/** What a running Kubernetes v1.36.2 did, watch event by watch event, against what the model does on the same set-up. */
export function check(file: unknown): Outcome {
  if (!Array.isArray(file)) throw new FormError('Expected one JSON object a line')
  const lines = file as readonly Fields[]
  const tally = new Tally()
  if (isDetection(lines)) {
    checkDetection(lines, tally)
    return tally
  }
  if (typeof lines[0]?.mode === 'string') {
    tally.skip(`${lines[0].mode}`, "how long kube-proxy's syncs take is a machine's, and checked by the cost profile")
    return tally
  }
  const recording = readRecording(lines)
  const { name } = recording
  tally.attempt(name, () => {
    try {
      const setUp = setUpOf(recording)
      const { changes: model, leftOut } = replay(recording, setUp)
      for (const reason of leftOut) tally.fail(name, reason)
      for (const compare of TIMELINE_CHECKS) compare({ recording, setUp, recorded: recording.changes, model, tally })
    } catch (error) {
      if (error instanceof NotReplayable) tally.skip(name, error.message)
      else if (error instanceof NotModelled) tally.fail(name, error.message)
      else throw error
    }
  })
  return tally
}
