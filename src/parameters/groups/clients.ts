import { EPOCH_UNIX_MS } from '../../control-plane/wall-clock.ts'
import { TAIL } from '../../scenario/rollout/measure.ts'
import { HELD_WEIGHT } from '../../workload/backends.ts'
import { PAUSE } from '../../workload/closed-loop.ts'
import { STEP, STEPS } from '../../workload/retry-budget.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { of, time } from '../quantity.ts'

export const CLIENTS = group('clients', 'Clients and runs', [
  entry('heldWeight', of(HELD_WEIGHT), assumed('assumption: as TCP smooths its round-trip time (RFC 6298)'), {
    note: 'Of the latest request in the mean of how long servers are held.',
  }),
  entry(
    'closedLoop.pauseAfterFailure',
    time(PAUSE),
    assumed('assumption: what failed at once, as where no pod is there to send it, is not tried again at once'),
  ),
  entry('retryBudget.step', time(STEP), cited("Finagle's RetryBudget (RetryBudget.scala)")),
  entry('retryBudget.steps', of(STEPS), assumed('assumption: ten steps a window of 10 s')),
  entry(
    'rollout.tail',
    time(TAIL),
    assumed(
      'assumption: what is left of it is gone by then; the slowest to notice is a load balancer, after three health checks 8 s apart',
    ),
    { note: 'How long after the end of a rollout requests still count.' },
  ),
  entry(
    'epochUnixMs',
    of(EPOCH_UNIX_MS, 'ms'),
    assumed('assumption: a constant, so that a run depends on nothing but its scenario and seed'),
    { note: 'The wall date at the start of a run, for what follows the calendar (CronJobs): 2026-01-01T00:00:00Z, a Thursday.' },
  ),
])
