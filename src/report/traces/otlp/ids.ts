import { createHash } from 'node:crypto'

/** Names of traces and spans: hexadecimal, 16 and 8 bytes, the same for the same run, and others for another. */
export class Ids {
  readonly #run: string

  /** `run` names the run: its input and its seed. */
  constructor(run: string) {
    this.#run = run
  }

  trace(name: string): string {
    return this.#hex(`trace ${name}`, 32)
  }

  span(name: string): string {
    return this.#hex(`span ${name}`, 16)
  }

  #hex(name: string, digits: number): string {
    const hex = createHash('sha256').update(`${this.#run}\n${name}`).digest('hex')
    const id = hex.slice(0, digits)
    // None of them may be zero.
    return /^0+$/.test(id) ? `${id.slice(1)}1` : id
  }
}
