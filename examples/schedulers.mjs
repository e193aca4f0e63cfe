// @ts-check
// IPVS schedulers side by side: which of three servers get nine connections that stay open. A dash is a client that is refused.
import { NO_DESTINATION, SCHEDULER_NAMES, TCP, VirtualService } from 'towtank/proxy'

const weights = { a: 1, b: 1, c: 3 }

for (const scheduler of SCHEDULER_NAMES) {
  let draws = 0
  // Only twos draws: any function that gives integers in 0..n-1 will do.
  const service = new VirtualService({ scheduler, below: (n) => (draws++ * 7) % n })
  const names = new Map(Object.entries(weights).map(([name, weight], address) => [service.add(address, 80, weight), name]))
  let picked = ''
  for (let client = 0; client < 9; client++) {
    const packet = { protocol: TCP, sourceAddress: client * 65_537, sourcePort: 40_000, destinationAddress: 10, destinationPort: 80 }
    const destination = service.pick(packet, 0)
    if (destination !== NO_DESTINATION) service.bind(destination, true)
    picked += names.get(destination) ?? '-'
  }
  console.log(scheduler.padEnd(6), picked)
}
