import type { Nanos } from '../units.ts'
import { certain, type LoadContext } from './load-context.ts'
import { DEFAULTS } from './load-defaults.ts'
import type { EntryDraft } from './load-traffic.ts'
import { parseDuration } from './parse-duration.ts'
import type { Path } from './parse-yaml.ts'
import type { ConnectionSpec } from './scenario.ts'

type Http2Draft = NonNullable<EntryDraft['connection']>['http2']
type PingDraft = NonNullable<NonNullable<Http2Draft>['ping']>

/** The connection, with streams where the traffic has them. */
export function withStreams(context: LoadContext, at: Path, connection: ConnectionSpec, draft: Http2Draft): ConnectionSpec {
  if (draft === undefined) return connection
  const { maxConcurrentStreams = DEFAULTS.maxConcurrentStreams, ping } = draft
  if (ping === undefined) return { ...connection, http2: { maxConcurrentStreams } }
  return { ...connection, http2: { maxConcurrentStreams, ping: loadPing(context, [...at, 'ping'], ping) } }
}

function loadPing(context: LoadContext, at: Path, draft: PingDraft): { interval: Nanos; timeout: Nanos } {
  const read = (key: 'interval' | 'timeout'): Nanos => {
    const usual = certain(parseDuration(DEFAULTS.ping[key]))
    const value = context.duration([...at, key], draft[key])
    if (value === 0) context.mistake([...at, key], `A ${key} of 0 would let no connection live`, 'a length of time above 0, or no "ping"')
    return value ?? usual
  }
  return { interval: read('interval'), timeout: read('timeout') }
}
