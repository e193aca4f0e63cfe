import type { Deployment, Kind, ReplicaSet } from '../../api/objects/index.ts'
import type { Wait } from '../../engine/process.ts'
import { SECOND } from '../../units.ts'
import { conditionOf } from '../conditions.ts'
import { REVISION, revisionOf, TEMPLATE_HASH_LABEL } from '../controllers/deployment-revisions.ts'
import { objectKey } from '../object-key.ts'
import { controllerOf } from '../owner-index.ts'
import { withTemplate } from './kinds.ts'
import type { Session, Target, VerbRunner } from './session.ts'

export type RolloutCommand = RestartCommand | UndoCommand | PauseCommand | StatusCommand

interface RestartCommand extends Target<Kind> {
  readonly verb: 'rollout restart'
}

interface UndoCommand extends Target<'Deployment'> {
  readonly verb: 'rollout undo'
  /** 0: the one before the newest. */
  readonly toRevision: number
}

interface PauseCommand extends Target<'Deployment'> {
  readonly verb: 'rollout pause' | 'rollout resume'
}

interface StatusCommand extends Target<'Deployment'> {
  readonly verb: 'rollout status'
  /** null: wait for ever. */
  readonly timeoutSeconds: number | null
}

/** Source: kubectl pkg/polymorphichelpers/objectrestarter.go. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt'

export const rollout: VerbRunner<RolloutCommand> = {
  subject: ({ kind, namespace, name }) => objectKey(kind, namespace, name),
  *run(command, session) {
    if (!(yield* session.mayRead(command.kind, command.namespace, command.name))) return
    switch (command.verb) {
      case 'rollout restart':
        return yield* restart(command, session)
      case 'rollout undo':
        return yield* undo(command, session)
      case 'rollout pause':
      case 'rollout resume':
        return yield* pause(command, session)
      case 'rollout status':
        return yield* status(command, session)
    }
  },
}

/** A new annotation in the template is a new template: all pods are replaced as the strategy says. A paused Deployment is refused. */
function* restart({ kind, namespace, name }: RestartCommand, session: Session): Generator<Wait, void, unknown> {
  const { client, cause, access } = session
  const key = objectKey(kind, namespace, name)
  if (kind === 'Deployment' && (yield* client.get('Deployment', namespace, name))?.spec.paused === true) {
    session.failed(key, `cannot restart the paused ${key}: run rollout resume first`)
    return
  }
  const at = `${access.sim.now / SECOND}s`
  const because = { cause, why: 'restart: annotated the template' }
  const response = yield* client.patch(
    kind,
    namespace,
    name,
    (current) => withTemplate(current, (template) => ({ ...template, annotations: { ...template.annotations, [RESTARTED_AT]: at } })),
    because,
  )
  session.told(response, key)
}

/**
 * Puts the template of an earlier ReplicaSet back; the controller then finds that ReplicaSet and gives it a new revision.
 *
 * Source: kubectl pkg/polymorphichelpers/rollback.go.
 */
function* undo({ namespace, name, toRevision }: UndoCommand, session: Session): Generator<Wait, void, unknown> {
  const { client, cause } = session
  const key = objectKey('Deployment', namespace, name)
  const deployment = yield* client.get('Deployment', namespace, name)
  if (deployment?.spec.paused === true) {
    session.failed(key, `cannot undo the paused ${key}: run rollout resume first`)
    return
  }
  if (!(yield* session.mayRead('ReplicaSet', namespace, ''))) return
  const sets = (yield* client.list('ReplicaSet', namespace)).filter((rs) => controllerOf(rs.metadata)?.uid === deployment?.metadata.uid)
  const found = deployment === undefined ? undefined : revisionWanted(sets, toRevision)
  if (deployment !== undefined && found === undefined) {
    const reason = toRevision === 0 ? 'no rollout history found' : `unable to find the specified revision ${toRevision}`
    session.failed(key, `${reason} for ${key}`)
    return
  }
  const change = (current: Deployment): Deployment => {
    const { [TEMPLATE_HASH_LABEL]: _hash, ...labels } = found!.spec.template.labels
    const template = { ...found!.spec.template, labels }
    if (JSON.stringify(template) === JSON.stringify(current.spec.template)) return current
    return { ...current, spec: { ...current.spec, template } }
  }
  const why = found === undefined ? 'undo' : `undo: the template of revision ${found.metadata.annotations[REVISION]}`
  session.told(yield* client.patch('Deployment', namespace, name, change, { cause, why }), key)
}

/** The ReplicaSet of the revision; of the last but one when it is 0. */
function revisionWanted(sets: readonly ReplicaSet[], revision: number): ReplicaSet | undefined {
  if (revision > 0) return sets.find((rs) => revisionOf(rs) === revision)
  return sets.toSorted((a, b) => revisionOf(b) - revisionOf(a))[1]
}

function* pause({ verb, namespace, name }: PauseCommand, session: Session): Generator<Wait, void, unknown> {
  const { client, cause } = session
  const key = objectKey('Deployment', namespace, name)
  const paused = verb === 'rollout pause'
  const live = yield* client.get('Deployment', namespace, name)
  if (live !== undefined && live.spec.paused === paused) {
    session.failed(key, `${key} is ${paused ? 'already' : 'not'} paused`)
    return
  }
  const change = (current: Deployment): Deployment =>
    current.spec.paused === paused ? current : { ...current, spec: { ...current.spec, paused } }
  session.told(yield* client.patch('Deployment', namespace, name, change, { cause, why: paused ? 'paused' : 'resumed' }), key)
}

/** How often the live object is looked at. kubectl watches it instead and sees each change at once: what differs is below 100 ms. */
export const STATUS_PERIOD = SECOND / 10

/** Waits until the rollout is complete, has passed its deadline, or the time is up. Source: kubectl pkg/polymorphichelpers/rollout_status.go. */
function* status({ namespace, name, timeoutSeconds }: StatusCommand, session: Session): Generator<Wait, void, unknown> {
  const { access, client } = session
  const key = objectKey('Deployment', namespace, name)
  const started = access.sim.now
  let told = ''
  for (;;) {
    const deployment = yield* client.get('Deployment', namespace, name)
    if (deployment === undefined) {
      session.failed(key, `${key} not found`)
      return
    }
    const { done, failed, message } = rolloutStatus(deployment)
    if (message !== told) {
      if (failed) session.failed(key, message)
      else session.said(key, message)
    }
    told = message
    if (done || failed) return
    if (timeoutSeconds !== null && access.sim.now - started >= timeoutSeconds * SECOND) {
      session.failed(key, `timed out after ${timeoutSeconds} s: ${message}`)
      return
    }
    yield access.sim.delay(STATUS_PERIOD)
  }
}

/** What `rollout status` says of a Deployment. */
export function rolloutStatus({ metadata, spec, status }: Deployment): { done: boolean; failed: boolean; message: string } {
  const waiting = (message: string): { done: boolean; failed: boolean; message: string } => ({ done: false, failed: false, message })
  if (metadata.generation > status.observedGeneration) return waiting('waiting for the spec update to be observed')
  if (conditionOf(status.conditions, 'Progressing')?.reason === 'ProgressDeadlineExceeded')
    return { done: false, failed: true, message: `deployment "${metadata.name}" exceeded its progress deadline` }
  if (status.updatedReplicas < spec.replicas)
    return waiting(`waiting: ${status.updatedReplicas} out of ${spec.replicas} new replicas have been updated`)
  if (status.replicas > status.updatedReplicas)
    return waiting(`waiting: ${status.replicas - status.updatedReplicas} old replicas are pending termination`)
  if (status.availableReplicas < status.updatedReplicas)
    return waiting(`waiting: ${status.availableReplicas} of ${status.updatedReplicas} updated replicas are available`)
  return { done: true, failed: false, message: `deployment "${metadata.name}" successfully rolled out` }
}
