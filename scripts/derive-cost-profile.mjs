/**
 * Derives a cost profile from measurements of the kernel, and of kube-proxy.
 *
 *   node scripts/derive-cost-profile.mjs test/kernel/costs.csv test/kernel/kube-proxy-syncs.jsonl src/profiles/linux-6.1.json
 *
 * The measurements come from two kernels: CPU time on a native 6.18 and exact instruction counts on an emulated 6.1.
 * IPVS was measured on 6.1 only; its nanoseconds are instructions times the nanoseconds an instruction took in what
 * was measured on both. Everything else of the kernel is CPU time of the native run.
 *
 * What a sync of kube-proxy costs besides comes from a recording of a real one: the time that it took, less what programming costs by the above.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const NATIVE = '6.18.44-host-native'
const NATIVE_RERUN = '6.18.44-host-native (2nd run)'
const COUNTED = '6.1.192-tcg-icount'

/** Endpoints a Service in the sweep over the number of Services. */
const ENDPOINTS = 3
/** Number of Services in the sweep over the number of endpoints. */
const SERVICES = 1000
/** Below this many rules the cost of the walk is lost in the noise of a packet. */
const WALK_MIN = 500

const [csvPath, syncsPath, jsonPath] = process.argv.slice(2)
if (csvPath === undefined || syncsPath === undefined || jsonPath === undefined) {
  process.stderr.write('Usage: node derive-cost-profile.mjs COSTS.csv SYNCS.jsonl PROFILE.json\n')
  process.exit(2)
}

const rows = readFileSync(csvPath, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [kernel, mode, services, endpoints, position, metric, , value] = line.split(',')
    return { kernel, mode, services: Number(services), endpoints: Number(endpoints), position, metric, value: Number(value) }
  })

/** Syncs of a real kube-proxy: `single` of one changed Service each, `startSyncs` from its start on, those of IPv4 writing everything first. */
const syncs = readFileSync(syncsPath, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

const select = (want) => rows.filter((row) => Object.entries(want).every(([key, value]) => row[key] === value))

const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length

/** Straight lines between the points; the outermost lines go on beyond them. */
const interpolate = (points, x) => {
  if (points.length === 1) return points[0][1]
  let index = 1
  while (index < points.length - 1 && points[index][0] < x) index += 1
  const [x0, y0] = points[index - 1]
  const [x1, y1] = points[index]
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)
}

/** Least squares of y = a + b x. */
const line = (points) => {
  const x = mean(points.map((point) => point[0]))
  const y = mean(points.map((point) => point[1]))
  const covariance = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  const variance = points.reduce((sum, point) => sum + (point[0] - x) * (point[0] - x), 0)
  const slope = covariance / variance
  return { slope, constant: y - slope * x }
}

const round = (value, digits) => Number(value.toFixed(digits))

/** Mean number of statistic rules that a packet to a Service of n endpoints meets: index uniform, the last rule draws nothing. */
const statisticRulesMean = (endpoints) => (endpoints + 1) / 2 - 1 / endpoints

/** Rules of KUBE-SERVICES before the one that was hit. */
const rulesBefore = (row) => ({ first: 0, middle: Math.floor(row.services / 2), last: row.services - 1 })[row.position]

// Nanoseconds an instruction: the same packet counted on 6.1 and timed on 6.18, wherever no rules are walked before the hit.
const ratios = []
for (const metric of ['new_conn_packet', 'established_packet']) {
  for (const timed of select({ kernel: NATIVE, metric: `${metric}_cpu` })) {
    if (timed.position === 'middle' || timed.position === 'last') continue
    const want = { kernel: COUNTED, metric: `${metric}_wall`, mode: timed.mode, position: timed.position }
    const counted = select({ ...want, services: timed.services, endpoints: timed.endpoints })
    if (counted.length === 1) ratios.push(timed.value / counted[0].value)
  }
}
const nsPerInstruction = round(median(ratios), 4)

/** Packets of one kind in nanoseconds. */
const packets = (mode, metric) =>
  mode === 'ipvs'
    ? select({ kernel: COUNTED, mode, metric: `${metric}_wall` }).map((row) => ({ ...row, value: row.value * nsPerInstruction }))
    : select({ kernel: NATIVE, mode, metric: `${metric}_cpu` })

/** A first packet: constant + statistic rules + the walk before the hit. */
const firstPacket = (mode) => {
  const all = packets(mode, 'new_conn_packet')
  const first = all.filter((row) => row.position === 'first')
  if (mode === 'nftables')
    return { baseNs: round(median(all.map((row) => row.value)), 0), perStatisticRuleNs: 0, perServiceNs: 0, walk: [[0, 0]] }
  if (mode === 'ipvs') {
    const { slope, constant } = line(all.map((row) => [row.services, row.value]))
    return { baseNs: round(constant, 0), perStatisticRuleNs: 0, perServiceNs: round(slope, 4), walk: [[0, 0]] }
  }
  const statistic = first.some((row) => row.endpoints !== ENDPOINTS)
    ? line(first.map((row) => [statisticRulesMean(row.endpoints), row.value])).slope
    : line(
        packets('iptables-legacy', 'new_conn_packet')
          .filter((row) => row.position === 'first')
          .map((row) => [statisticRulesMean(row.endpoints), row.value]),
      ).slope
  const base = median(first.map((row) => row.value - statistic * statisticRulesMean(row.endpoints)))
  const walked = new Map()
  for (const row of all) {
    if (row.position === 'first' || row.services < WALK_MIN) continue
    // "last of 5,000" and "middle of 10,000" are the same walk but for one rule.
    const rules = Math.round(rulesBefore(row) / 10) * 10
    walked.set(rules, [...(walked.get(rules) ?? []), row.value - base - statistic * statisticRulesMean(row.endpoints)])
  }
  const points = [...walked].sort((a, b) => a[0] - b[0]).map(([rules, values]) => [rules, round(median(values), 0)])
  return { baseNs: round(base, 0), perStatisticRuleNs: round(statistic, 1), perServiceNs: 0, walk: [[0, 0], ...points] }
}

/** CPU nanoseconds of a program, user and system together, in one run: [services, endpoints, nanoseconds]. */
const programRun = (kernel, mode, metric) =>
  select({ kernel, mode, metric: `${metric}_user` }).map((user) => {
    const [system] = select({ kernel, mode, metric: `${metric}_sys`, services: user.services, endpoints: user.endpoints })
    const spent = user.value + system.value
    return [user.services, user.endpoints, mode === 'ipvs' ? spent * 1e9 * nsPerInstruction : spent * 1e9]
  })

const programRuns = (mode, metric) =>
  mode === 'ipvs' ? [programRun(COUNTED, mode, metric)] : [programRun(NATIVE, mode, metric), programRun(NATIVE_RERUN, mode, metric)]

/** All points; a second run replaces the first where both have one. */
const programs = (mode, metric) => {
  const points = new Map()
  for (const point of programRuns(mode, metric).flat()) points.set(`${point[0]},${point[1]}`, point)
  return [...points.values()]
}

/** The sweep over Services at 3 endpoints, and the factor of more endpoints at 1,000 Services. */
const programming = (mode, metric, shape) => {
  const points = programs(mode, metric)
  const byServices = points.filter((point) => point[1] === ENDPOINTS).sort((a, b) => a[0] - b[0])
  const byEndpoints = points.filter((point) => point[0] === SERVICES).sort((a, b) => a[1] - b[1])
  const unit = byEndpoints[0][2]
  return {
    shape,
    points: byServices.map(([services, , ns]) => [services, round(ns, 0)]),
    endpointFactor: byEndpoints.map(([, endpoints, ns]) => [endpoints, round(ns / unit, 4)]),
  }
}

/** In which of kube-proxy's modes a mode was recorded. */
const RECORDED_IN = { 'iptables-legacy': 'iptables', 'iptables-nft': 'iptables', nftables: 'nftables' }
const recordings = (mode) => syncs.filter((sync) => sync.mode === RECORDED_IN[mode])

/**
 * kube-proxy's own part of a sync: the recorded median less the programming of the change, and nowhere less than among the fewest Services, since the
 * processes that it starts do not vanish. Where programming alone is beyond the recording, that machine kept its rules in another way.
 */
const syncOwn = (mode, programUpdate) => {
  const points = recordings(mode).map(({ services, single }) => {
    const recorded = median(single.map((change) => change.syncMs)) * 1e6
    return [services, round(recorded - interpolate(programUpdate.points, services), 0)]
  })
  points.sort((a, b) => a[0] - b[0])
  return points.map(([services, ns]) => [services, Math.max(points[0][1], ns)])
}

const modes = {}
for (const mode of ['iptables-legacy', 'iptables-nft', 'nftables', 'ipvs']) {
  const quadratic = mode === 'nftables' || mode === 'iptables-nft'
  const programUpdate = programming(mode, 'update_one_service_partial', 'linear')
  modes[mode] = {
    derivedFromInstructions: mode === 'ipvs',
    firstPacket: firstPacket(mode),
    establishedPacketNs: round(median(packets(mode, 'established_packet').map((row) => row.value)), 0),
    programFull: programming(mode, 'program_full', quadratic ? 'quadratic' : 'linear'),
    programUpdate,
    syncOwn: mode === 'ipvs' ? modes['iptables-legacy'].syncOwn : syncOwn(mode, programUpdate),
  }
}

// What the profile says, for the residuals below. The simulator's own evaluation is src/profiles/cost-profile.ts; a test holds it to the same residuals.
const modelFirst = (mode, row) => {
  const model = modes[mode].firstPacket
  const rules = interpolate(model.walk, rulesBefore(row))
  return model.baseNs + rules + model.perStatisticRuleNs * statisticRulesMean(row.endpoints) + model.perServiceNs * row.services
}

/** At a measured point only: the shape between points plays no part. */
const modelProgram = (table, [services, endpoints]) => interpolate(table.points, services) * interpolate(table.endpointFactor, endpoints)

/** The same between points, with the shape: a first sync was recorded where no program was measured. */
const modelFull = (mode, services) => {
  const { shape, points } = modes[mode].programFull
  if (shape === 'linear') return interpolate(points, services)
  return (
    services *
    interpolate(
      points.map(([x, y]) => [x, y / x]),
      services,
    )
  )
}

const worst = (pairs) => {
  const errors = pairs.map(([at, measured, modelled]) => ({ at, relative: Math.abs(modelled - measured) / measured }))
  errors.sort((a, b) => b.relative - a.relative)
  return {
    points: errors.length,
    largest: Math.ceil(errors[0].relative * 1000) / 1000,
    median: Math.ceil(median(errors.map((error) => error.relative)) * 1000) / 1000,
    at: errors[0].at,
  }
}
const name = (row) => `${row.services} Services, ${row.endpoints} endpoints${row.position === '-' ? '' : `, ${row.position}`}`
for (const mode of Object.keys(modes)) {
  const first = packets(mode, 'new_conn_packet')
  const established = packets(mode, 'established_packet')
  const programResidual = (metric, table) =>
    worst(
      programRuns(mode, metric)
        .flat()
        .map((point) => [`${point[0]} Services, ${point[1]} endpoints`, point[2], modelProgram(table, point)]),
    )
  const sync = (measured, modelled) => {
    const pairs = recordings(mode).flatMap((recording) =>
      measured(recording).map((ms) => [
        `${recording.services} Services, ${recording.endpoints / recording.services} endpoints`,
        ms * 1e6,
        modelled(recording.services) + interpolate(modes[mode].syncOwn, recording.services),
      ]),
    )
    return pairs.length === 0 ? null : worst(pairs)
  }
  modes[mode].residual = {
    firstPacket: worst(first.map((row) => [name(row), row.value, modelFirst(mode, row)])),
    establishedPacket: worst(established.map((row) => [name(row), row.value, modes[mode].establishedPacketNs])),
    programFull: programResidual('program_full', modes[mode].programFull),
    programUpdate: programResidual('update_one_service_partial', modes[mode].programUpdate),
    syncUpdate: sync(
      (recording) => recording.single.map((change) => change.syncMs),
      (services) => interpolate(modes[mode].programUpdate.points, services),
    ),
    syncFull: sync(
      (recording) => [recording.startSyncs[0].ms],
      (services) => modelFull(mode, services),
    ),
  }
}

const profile = {
  name: 'linux-6.1',
  schemaVersion: 1,
  kernel: { timed: '6.18.44, native, 2 CPUs of the AMD Zen 4 class', counted: '6.1.192, emulated, exact instruction counts' },
  method:
    'One packet through a node, pod to veth to PREROUTING to POSTROUTING to veth to backend, and the programs that load the rules; CPU time, medians. ' +
    'IPVS is derived: instructions on 6.1 times nsPerInstruction. ' +
    'Not measured, and so assumed: a statistic rule of iptables-nft costs what it costs in iptables-legacy; more endpoints a Service make no difference to ' +
    'iptables-nft programs and to IPVS updates; the factor of more endpoints, measured at 1,000 Services, holds at any number. ' +
    "syncOwn, kube-proxy's own part of a sync (starting iptables-save and -restore or nft, building the text, comparing): recorded is how long syncs of a real " +
    'kube-proxy v1.36.2 took, in modes iptables and nftables, at 100, 1,000 and 5,000 Services of 3 endpoints, on 2 cores shared with a whole control ' +
    'plane: elapsed time, so an upper bound of its CPU time. syncOwn is the median of 12 single changes less programUpdate, never below its value at 100 Services, and ' +
    'that value below 100. In iptables mode the recorded sync of 1,000 and 5,000 Services is shorter than the measured programming of iptables-legacy alone, so that ' +
    'machine had another backend; its first syncs point to iptables-nft. residual.syncUpdate is the whole sync against each recorded single change, residual.syncFull ' +
    'against the first sync of each run. Not recorded, and so assumed: IPVS has the syncOwn of iptables-legacy, since each of its syncs runs iptables-save and -restore ' +
    'for its constant rules; a sync of everything has the own part of a single change; more endpoints a Service make no difference to it.',
  source: 'scripts/derive-cost-profile.mjs test/kernel/costs.csv test/kernel/kube-proxy-syncs.jsonl',
  nsPerInstruction,
  modes,
}
writeFileSync(jsonPath, `${JSON.stringify(profile, null, 2)}\n`)
