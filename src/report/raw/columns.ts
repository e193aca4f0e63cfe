import { BLAME_PARTS, type BlamePart } from '../../metrics/blame.ts'
import { FAILURE_CAUSES } from '../../metrics/failure-cause.ts'

/** Name of the column of a part of the latency. */
export function partColumn(part: BlamePart): string {
  return `${part.replaceAll('-', '_')}_ms`
}

/** Of the table of all requests; a row is one of them, in the order in which they ended. */
export const RAW_COLUMNS: readonly string[] = [
  'variant',
  'traffic',
  'sent_s',
  'outcome',
  'latency_ms',
  'client',
  'client_node',
  'node',
  'pod',
  'pod_node',
  'connection',
  'tries',
  'syn_repeats',
  ...BLAME_PARTS.map(partColumn),
]

/** By outcome + 2, as a batch has it: in flight, answered, or why it failed. */
export const OUTCOMES: readonly string[] = ['in-flight', 'ok', ...FAILURE_CAUSES]

/** By connection, as a batch has it. */
export const CONNECTIONS: readonly string[] = ['', 'new', 'kept']

/** An address of a client outside, which is an int32. */
export function dotted(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`
}
