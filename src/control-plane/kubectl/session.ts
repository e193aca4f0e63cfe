import type { Wait } from '../../engine/process.ts'
import type { HopId } from '../../engine/trace.ts'
import type { ApiAccess, ApiClient } from '../api-client.ts'
import type { ApiResponse } from '../api-server.ts'

/** One process of kubectl: what a verb works with. */
export interface Session {
  readonly access: ApiAccess
  readonly client: ApiClient
  /** The hop that began the command. */
  readonly cause: HopId
  /** Tells how a request for `subject` ended; a refusal ends up in the summary. True when it was granted. */
  told(response: ApiResponse, subject: string): boolean
  /** Whether the object (name empty: the list of them) may be read; a refusal has been told when not. */
  mayRead(kind: string, namespace: string, name: string): Generator<Wait, boolean, unknown>
  /** Tells something that the command says by itself, such as the end of a wait. */
  said(subject: string, detail: string): HopId
  /** The command failed for a reason that is not an answer to one request. */
  failed(subject: string, reason: string): void
}

/** An object that a command is about. `namespace` is empty for a cluster-scoped kind. */
export interface Target<K extends string = string> {
  readonly kind: K
  readonly namespace: string
  readonly name: string
}

/** What one verb of kubectl does: one file beside this one, and one line in verbs.ts. */
export interface VerbRunner<C> {
  /** The key of the object that the command is about; '' when there are several. */
  subject(command: C): string
  run(command: C, session: Session): Generator<Wait, void, unknown>
}
