import type { Wait } from '../../engine/process.ts'
import type { HopId, Trace } from '../../engine/trace.ts'
import type { Nanos } from '../../units.ts'
import { BROKEN } from '../broken.ts'
import type { FlowControl, RejectReason } from './flow-control.ts'
import type { RequestAttributes } from './flow-schemas.ts'

/** The answer 429 of flow control: the client is to ask again after so many seconds. */
export class TooManyRequests {
  readonly retryAfterSeconds: number
  readonly hop: HopId

  constructor(retryAfterSeconds: number, hop: HopId) {
    this.retryAfterSeconds = retryAfterSeconds
    this.hop = hop
  }
}

/** A request as flow control and the story see it. */
export interface ServedRequest extends RequestAttributes {
  readonly subject: string
  readonly cause: HopId
  /** Heartbeats and reads are not told. */
  readonly quiet: boolean
}

/** The server that gives out the seats. */
export interface SeatedServer {
  readonly name: string
  readonly flowControl: FlowControl
  /** Counts its crashes. */
  readonly life: number
}

/**
 * Runs a request as soon as flow control gives it seats, which it holds until `run` has ended; a request that is rejected is not run, nor is one
 * whose server dies before.
 *
 * The seats are taken before authentication, 0.1 ms sooner than in the real handler chain.
 */
export function* serve<T>(
  { server, trace, now }: { readonly server: SeatedServer; readonly trace: Trace; readonly now: () => Nanos },
  request: ServedRequest,
  run: (cause: HopId) => Generator<Wait, T, unknown>,
): Generator<Wait, T | TooManyRequests | typeof BROKEN, unknown> {
  const arrived = now()
  const { flowControl, life } = server
  const ticket = flowControl.start(request)
  const tell = (action: string, detail: string): HopId => {
    const { cause, subject, quiet } = request
    return quiet ? cause : trace.record({ cause, actor: server.name, action, subject, started: arrived, detail })
  }
  try {
    let cause = request.cause
    let rejected: RejectReason | null = ticket.rejected
    if (ticket.turn !== null) {
      rejected = yield* flowControl.wait(ticket)
      if (server.life !== life) return BROKEN
    }
    if (rejected !== null) {
      const hop = tell('refused', `429 too many requests: ${rejected} in priority level ${ticket.level}`)
      return new TooManyRequests(flowControl.retryAfter(ticket.level), hop)
    }
    if (ticket.turn !== null) cause = tell('dispatched', `from a queue of priority level ${ticket.level}, flow schema ${ticket.schema}`)
    return yield* run(cause)
  } finally {
    ticket.finish()
  }
}
