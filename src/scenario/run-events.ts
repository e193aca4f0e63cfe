import type { KubectlRun } from '../control-plane/kubectl/kubectl.ts'
import type { FaultSpan } from '../faults/planned-fault.ts'
import type { Cell, Table } from '../metrics/table.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { RolloutSpan } from './rollout-spans.ts'

/** What was done to the cluster, and what it made of it. */
export interface RunEvents {
  readonly commands: readonly KubectlRun[]
  readonly rollouts: readonly RolloutSpan[]
  readonly faults: readonly FaultSpan[]
  /** When the run ended. */
  readonly end: Nanos
}

interface Entry {
  readonly kind: 'command' | 'rollout' | 'fault'
  readonly name: string
  readonly started: Nanos
  readonly ended: Nanos | null
  readonly outcome: string
  readonly detail: string
}

/**
 * The timeline of a run: commands, rollouts and faults, in the order in which they started; of those that started together, commands stand before
 * rollouts, and these before faults.
 *
 * `ended_s` is empty for what lasted beyond the end of the run.
 */
export function eventTable(events: RunEvents): Table {
  const entries = [...commandEntries(events), ...rolloutEntries(events), ...faultEntries(events)]
  entries.sort((a, b) => a.started - b.started)
  return {
    columns: ['started_s', 'ended_s', 'kind', 'name', 'outcome', 'detail'],
    rows: entries.map(({ started, ended, kind, name, outcome, detail }): readonly Cell[] => [
      started / SECOND,
      ended === null || ended > events.end ? null : ended / SECOND,
      kind,
      name,
      outcome,
      detail,
    ]),
  }
}

function commandEntries({ commands }: RunEvents): Entry[] {
  return commands.map(({ command, started, ended, refusals }) => ({
    kind: 'command',
    name: command,
    started,
    ended,
    outcome: refusals.length > 0 ? 'refused' : ended === null ? 'unfinished' : 'done',
    detail: refusals.join('; '),
  }))
}

function rolloutEntries({ rollouts }: RunEvents): Entry[] {
  return rollouts.map(({ object, why, started, ended }) => ({
    kind: 'rollout',
    name: object,
    started,
    ended,
    outcome: ended === null ? 'unfinished' : 'done',
    detail: why,
  }))
}

function faultEntries({ faults }: RunEvents): Entry[] {
  return faults.map(({ fault, started, ended, tookEffect, effect }) => ({
    kind: 'fault',
    name: fault,
    started,
    ended,
    outcome: tookEffect ? 'took effect' : 'no effect',
    detail: effect,
  }))
}
