import { NO_CAUSE } from '../engine/trace.ts'
import { type Nanos, SECOND } from '../units.ts'
import type { BeginSlowness, FaultReport, FaultTarget } from './fault.ts'

/** Who is slow, and what it is that takes longer. */
export interface SlowComponent {
  /** As reports call it. */
  readonly name: string
  readonly subject: string
  /** What it does, one and several. */
  readonly work: readonly [string, string]
  readonly factor: number
  readonly duration: Nanos | null
}

/** Slows one component from now on, for `duration` or to the end. It has taken effect as soon as something took longer. */
export function slowComponent(
  { name, subject, work, factor, duration }: SlowComponent,
  { sim, trace }: FaultTarget,
  report: FaultReport,
  begin: BeginSlowness,
): void {
  const length = duration === null ? 'for good' : `for ${duration / SECOND} s`
  const slowed = `${name} was ${factor} times as slow ${length}`
  report.effect = `${slowed}, but nothing that it did meanwhile took longer`
  let uses = 0
  const end = begin(factor, () => {
    uses++
    report.tookEffect = true
    report.effect = `${slowed}: ${uses} ${work[uses === 1 ? 0 : 1]} took longer`
  })
  trace.record({ cause: NO_CAUSE, actor: 'fault', action: `${name} slowed down`, subject, detail: `${factor} times, ${length}` })
  if (duration === null) return
  sim.after(duration, () => {
    end()
    trace.record({ cause: NO_CAUSE, actor: 'fault', action: `${name} is as fast as before`, subject })
  })
}
