/** A moment of the run in seconds, to the microsecond, without zeros that say nothing: `60 s`, `74.539161 s`. */
export function formatSeconds(value: number): string {
  const [whole, rest = ''] = value.toFixed(6).split('.')
  const digits = rest.replace(/0+$/, '')
  return `${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}${digits === '' ? '' : `.${digits}`} s`
}
