import { HTTP_500, HTTP_502, HTTP_503, HTTP_504 } from '../metrics/failure-cause.ts'
import { mix32 } from '../proxy/mix.ts'
import type { ErrorSpec } from './specs.ts'

/** HTTP codes that a pod may answer with by itself, and the causes that they are to a client. */
export const ERROR_CODES = { 500: HTTP_500, 502: HTTP_502, 503: HTTP_503, 504: HTTP_504 } as const

export type ErrorCode = keyof typeof ERROR_CODES

/**
 * Whether a pod answers the request of this seed with an error: a function of the seed alone, so it is the same in every variant and
 * whichever pod serves it.
 */
export function isError({ probability }: ErrorSpec, seed: number): boolean {
  return mix32(seed ^ ERROR_SALT) >>> 0 < probability * 0x1_0000_0000
}

/** Kept apart from other uses of a request's seed. */
const ERROR_SALT = 0x6a09_e667
