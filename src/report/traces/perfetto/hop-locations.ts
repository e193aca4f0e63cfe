/** Where each hop was drawn, so that an arrow can begin there: 24 bytes a hop. */
export class HopLocations {
  #ats = new Float64Array(1024)
  #pids = new Int32Array(1024)
  #tids = new Int32Array(1024)

  clear(): void {
    this.#pids.fill(0)
  }

  set(hop: number, pid: number, tid: number, at: number): void {
    if (hop >= this.#ats.length) this.#grow(hop)
    this.#ats[hop] = at
    this.#pids[hop] = pid
    this.#tids[hop] = tid
  }

  /** null: there is no such hop yet. */
  get(hop: number): { readonly pid: number; readonly tid: number; readonly at: number } | null {
    const pid = this.#pids[hop] ?? 0
    return pid === 0 ? null : { pid, tid: this.#tids[hop]!, at: this.#ats[hop]! }
  }

  #grow(hop: number): void {
    const capacity = 2 * hop
    const [ats, pids, tids] = [new Float64Array(capacity), new Int32Array(capacity), new Int32Array(capacity)]
    ats.set(this.#ats)
    pids.set(this.#pids)
    tids.set(this.#tids)
    this.#ats = ats
    this.#pids = pids
    this.#tids = tids
  }
}
