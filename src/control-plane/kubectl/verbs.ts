import { type ApplyCommand, apply } from './apply.ts'
import { type AutoscaleCommand, autoscale } from './autoscale.ts'
import { type CordonCommand, cordon } from './cordon.ts'
import { type CreateCommand, create } from './create.ts'
import { type DeleteCommand, remove } from './delete.ts'
import { type DrainCommand, drain } from './drain.ts'
import { type ExposeCommand, expose } from './expose.ts'
import { type LabelCommand, label } from './label.ts'
import { type PatchCommand, patch } from './patch.ts'
import { type RolloutCommand, rollout } from './rollout.ts'
import { type ScaleCommand, scale } from './scale.ts'
import type { VerbRunner } from './session.ts'
import { type SetImageCommand, setImage } from './set-image.ts'
import { type TaintCommand, taint } from './taint.ts'

/** What kubectl can be told to do. */
export type KubectlVerb =
  | ApplyCommand
  | AutoscaleCommand
  | CordonCommand
  | CreateCommand
  | DeleteCommand
  | DrainCommand
  | ExposeCommand
  | LabelCommand
  | PatchCommand
  | RolloutCommand
  | ScaleCommand
  | SetImageCommand
  | TaintCommand

type Runners = { readonly [V in KubectlVerb['verb']]: VerbRunner<Extract<KubectlVerb, { verb: V }>> }

const RUNNERS: Runners = {
  annotate: label,
  apply,
  autoscale,
  cordon,
  create,
  delete: remove,
  drain,
  expose,
  label,
  patch,
  'rollout pause': rollout,
  'rollout restart': rollout,
  'rollout resume': rollout,
  'rollout status': rollout,
  'rollout undo': rollout,
  scale,
  'set image': setImage,
  taint,
  uncordon: cordon,
}

/** What carries the command out. */
export function runnerOf(command: KubectlVerb): VerbRunner<KubectlVerb> {
  // The table gives each verb its own command, which the compiler cannot follow through the union.
  return RUNNERS[command.verb] as VerbRunner<KubectlVerb>
}
