import { closeSync, openSync, writeSync } from 'node:fs'

/** Characters that are gathered before they are written. */
const ENOUGH = 1 << 16

/** A file that is written from start to end, in pieces. */
export class TextFile {
  readonly #file: number
  #text = ''

  constructor(path: string) {
    this.#file = openSync(path, 'wx')
  }

  write(text: string): void {
    this.#text += text
    if (this.#text.length >= ENOUGH) this.#flush()
  }

  close(): void {
    try {
      this.#flush()
    } finally {
      closeSync(this.#file)
    }
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text)
    this.#text = ''
    for (let done = 0; done < bytes.length; ) done += writeSync(this.#file, bytes, done)
  }
}
