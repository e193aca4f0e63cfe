import type { LoadContext } from './load-context.ts'
import { parseBytes } from './parse-size.ts'
import type { Path } from './parse-yaml.ts'

/** Longer messages are rather streams, of which the model knows nothing. */
const MESSAGE_MAX = 64 * 1024 * 1024

interface SizesDraft {
  readonly requestSize?: string | number | undefined
  readonly responseSize?: string | number | undefined
}

export interface MessageSizes {
  readonly requestBytes?: number
  readonly responseBytes?: number
}

/** How long requests and answers are. `isUdp`: a datagram is one packet. */
export function loadMessageSizes(context: LoadContext, at: Path, draft: SizesDraft, isUdp: boolean): MessageSizes {
  const size = (key: keyof SizesDraft): number | undefined => {
    const text = draft[key]
    if (text === undefined) return undefined
    if (isUdp) context.mistake([...at, key], 'A datagram is one packet here', 'a target over http')
    const bytes = context.read([...at, key], String(text), parseBytes)
    if (bytes === undefined || bytes <= MESSAGE_MAX) return bytes
    context.mistake([...at, key], `Cannot use "${text}": a message has 64Mi at most`)
    return undefined
  }
  const [requestBytes, responseBytes] = [size('requestSize'), size('responseSize')]
  return { ...(requestBytes === undefined ? {} : { requestBytes }), ...(responseBytes === undefined ? {} : { responseBytes }) }
}
