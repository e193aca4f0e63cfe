/** What `towtank worker` tells while it works. */
export type WorkerEvent =
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'started'; readonly name: string; readonly concurrency: number; readonly shown: string; readonly tool: string }
  | { readonly kind: 'done'; readonly id: string; readonly variant: string; readonly seed: string; readonly seconds: number }
  /** `last`: it is not tried again. */
  | { readonly kind: 'failed'; readonly id: string; readonly reason: string; readonly last: boolean }
  /** All who ask for tasks have another program. */
  | { readonly kind: 'foreign'; readonly tools: string; readonly own: string }
  | { readonly kind: 'lost' }
  | { readonly kind: 'back' }
  /** Such as a task that was given to another worker meanwhile. */
  | { readonly kind: 'trouble'; readonly reason: string }
  | { readonly kind: 'ending'; readonly graceSeconds: number }

/** Tasks of a worker. */
export interface WorkerTotals {
  readonly finished: number
  readonly failed: number
  readonly givenBack: number
}
