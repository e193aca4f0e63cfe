import { bytes, cpuMilli, parseQuantity } from '../api/quantity.ts'
import { complain, complainWithin, type Parsed, parsed } from './parse-result.ts'

const BYTES_FORM = 'a quantity as Kubernetes writes it, such as 512Mi or 32Gi'
const CPU_FORM = 'cores as Kubernetes writes them, such as 8 or 500m'

/** A thousand cores or a thousand TiB in one machine are beyond any that is sold. */
const CPU_MILLI_MAX = 1_000_000
const BYTES_MAX = 1_125_899_906_842_624

function positive(text: string, form: string): Parsed<string> {
  const result = parseQuantity(text)
  if (result.ok && result.quantity.nanos > 0n) return parsed(text)
  if (result.ok) return complain(`Cannot use "${text}": it must be above 0`, { accepted: form })
  const lowered = text
    .trim()
    .replace(
      /\s*([kmgtp])(i?)b?$/i,
      (_whole, letter: string, binary: string) => (letter.toUpperCase() === 'K' && binary === '' ? 'k' : letter.toUpperCase()) + binary,
    )
  const better = lowered !== text && parseQuantity(lowered).ok ? lowered : null
  return complain(`Cannot read "${text}" as a quantity${result.error === 'suffix' ? ': there is no such suffix' : ''}`, {
    accepted: form,
    didYouMean: better,
  })
}

/** Reads an amount of bytes, such as `32Gi`. */
export function parseBytes(text: string): Parsed<number> {
  const checked = positive(text, BYTES_FORM)
  if (!checked.ok) return checked
  const value = bytes(text)
  return value <= BYTES_MAX ? parsed(value) : complain(`Cannot use "${text}": it is above 1Pi`)
}

/** Reads an amount of CPU in thousandths of a core, such as `8` or `500m`. */
export function parseCpu(text: string): Parsed<number> {
  const checked = positive(text, CPU_FORM)
  if (!checked.ok) return checked
  const value = cpuMilli(text)
  return value <= CPU_MILLI_MAX ? parsed(value) : complain(`Cannot use "${text}": it is above 1000 cores`)
}

/** Reads bytes a second, such as `125M/s`. */
export function parseBandwidth(text: string): Parsed<number> {
  const accepted = 'bytes a second, such as 125M/s or 100Mi/s'
  const match = /^(\s*)(\S+?)\s*\/\s*s\s*$/.exec(text)
  if (match === null)
    return complain(`Cannot read "${text}" as a bandwidth`, { accepted, didYouMean: parseBytes(text).ok ? `${text}/s` : null })
  const amount = parseBytes(match[2]!)
  return amount.ok ? amount : complainWithin({ ...amount.complaint, accepted }, match[1]!.length, match[2]!.length)
}
