import type { Wait } from '../../engine/process.ts'
import type { Nanos } from '../../units.ts'
import { type ApiAccess, ApiClient } from '../api-client.ts'
import { ApiError, NO_CONNECTION } from '../api-error.ts'
import { ADMINISTRATOR, type Identity } from '../identity.ts'
import { objectKey } from '../object-key.ts'
import type { Session } from './session.ts'
import { type KubectlVerb, runnerOf } from './verbs.ts'

export type { KubectlVerb } from './verbs.ts'

/** A command that the API server refused, in whole or in part. */
export interface Refusal {
  readonly command: string
  readonly reason: string
}

/** A command that was run. */
export interface KubectlRun {
  readonly command: string
  readonly started: Nanos
  /** When the process ended; null: not yet. */
  ended: Nanos | null
  /** Why not, where it was refused, in whole or in part. */
  readonly refusals: string[]
}

/** kubectl on the administrator's machine: one process a command, no client-side rate limit. Each verb has its file beside this one. */
export class Kubectl {
  readonly #access: ApiAccess
  readonly #client: ApiClient
  /** In the order in which they started. */
  readonly runs: KubectlRun[] = []
  readonly refusals: Refusal[] = []

  constructor(access: ApiAccess) {
    this.#access = access
    this.#client = new ApiClient(access, {
      actor: 'kubectl',
      identity: ADMINISTRATOR,
      limit: null,
      network: 'kubectlNetwork',
      retries: 'caller',
    })
  }

  /** Runs the command as its own process, from now on. `text` is how the user wrote it; `as` whom the administrator acts as, if not as himself. */
  run(command: KubectlVerb, text: string, as: Identity | null = null): void {
    this.#access.sim.spawn(this.#run(command, text, as))
  }

  *#run(command: KubectlVerb, text: string, as: Identity | null): Generator<Wait, void, unknown> {
    const { sim, latencies, trace } = this.#access
    const started = sim.now
    const log: KubectlRun = { command: text, started, ended: null, refusals: [] }
    this.runs.push(log)
    yield sim.delay(latencies.draw('kubectlStart'))
    const runner = runnerOf(command)
    const subject = runner.subject(command)
    const cause = trace.record({ cause: -1, actor: 'kubectl', action: 'started', subject, started, detail: text })
    const client =
      as === null
        ? this.#client
        : new ApiClient(this.#access, {
            actor: 'kubectl',
            identity: as,
            limit: null,
            network: 'kubectlNetwork',
            retries: 'caller',
          })
    const refuse = (reason: string): void => {
      log.refusals.push(reason)
      this.refusals.push({ command: text, reason })
    }
    const session: Session = {
      access: this.#access,
      client,
      cause,
      told(response, about) {
        const failed = response.code >= 400
        const detail = failed && response.code !== NO_CONNECTION ? `${response.code} ${response.message}` : response.message
        const action = failed ? 'was refused' : 'answered'
        trace.record({ cause: response.hop, actor: 'kubectl', action, subject: about, detail })
        if (failed) refuse(detail)
        return !failed
      },
      *mayRead(kind, namespace, name) {
        const refusal = yield* client.refusedRead(kind, namespace, name, cause)
        return refusal === null || this.told(refusal, name === '' ? kind : objectKey(kind, namespace, name))
      },
      said: (about, detail) => trace.record({ cause, actor: 'kubectl', action: 'said', subject: about, detail }),
      failed(about, reason) {
        trace.record({ cause, actor: 'kubectl', action: 'failed', subject: about, detail: reason })
        refuse(reason)
      },
    }
    try {
      yield* runner.run(command, session)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      session.failed(subject, error.reason)
    }
    log.ended = sim.now
  }
}
