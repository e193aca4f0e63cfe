import { type ColumnTable, isRead, TableBuilder, type TableName } from './tables.ts'

/** A table of rows as they would stand in its CSV file. */
export function tableFrom(name: TableName, columns: readonly string[], rows: readonly (readonly (string | number)[])[]): ColumnTable {
  const builder = new TableBuilder(columns, (column) => isRead(name, column))
  for (const row of rows) {
    const wrong = builder.add(row.map(String))
    if (wrong !== null) throw new Error(`The cell of ${wrong} in ${row.join()} is no number`)
  }
  return builder.table()
}

const REQUESTS =
  'variant interval_start_s interval_s phase traffic sent ok failed_refused failed_timeout latency_ms_p50 latency_ms_p90 latency_ms_p99'.split(
    ' ',
  )

/** Small tables of every kind, with a number of its own for everything: `variants` variants, `seconds` intervals. */
export function sampleTables({
  variants = 2,
  seconds = 20,
}: {
  readonly variants?: number
  readonly seconds?: number
} = {}): ReadonlyMap<TableName, ColumnTable> {
  const names = Array.from({ length: variants }, (_, index) => ['iptables', 'ipvs', 'nftables'][index] ?? `ipvs-${index}`)
  const each = <Row>(make: (variant: string, place: number) => readonly Row[]): Row[] => names.flatMap(make)
  const times = Array.from({ length: seconds }, (_, second) => second)
  const phase = (second: number): string => (second < 5 ? 'warm-up' : 'measured')
  return new Map<TableName, ColumnTable>([
    [
      'requests',
      tableFrom(
        'requests',
        REQUESTS,
        each((variant, place) =>
          times.map((second) => {
            const failed = second === 10 ? 20 + place : 0
            const answered = second === 12 ? [0, '', '', ''] : [100 - failed, 5 + place, 9 + place, 20 + place + (second % 3)]
            return [variant, second, 1, phase(second), 'shoppers', 100, answered[0]!, failed, second === 12 ? 100 : 0, ...answered.slice(1)]
          }),
        ),
      ),
    ],
    [
      'latency',
      tableFrom(
        'latency',
        ['variant', 'traffic', 'latency_ms_from', 'latency_ms_to', 'latency_ms', 'requests', 'requests_up_to'],
        each((variant, place) => [
          [variant, 'shoppers', 4 + place, 6 + place, 5 + place, 500, 500],
          [variant, 'shoppers', 8 + place, 10 + place, 9 + place, 480, 980],
          [variant, 'shoppers', 20 + place, 22 + place, 21 + place, 20, 1000],
        ]),
      ),
    ],
    [
      'proxy',
      tableFrom(
        'proxy',
        ['variant', 'sync_start_s', 'sync_ms', 'node', 'changes', 'oldest_change_age_ms'],
        each((variant, place) =>
          ['worker-2', 'worker-10'].flatMap((node, index) => [
            [variant, 1, 40, node, 3, 900 + place + index],
            [variant, 11, 40, node, 0, 0],
          ]),
        ),
      ),
    ],
    [
      'pods',
      tableFrom(
        'pods',
        ['variant', 'namespace', 'pod', 'at_end', 'listened_s', 'requests', 'requests_per_s'],
        each((variant, place) => [
          [variant, 'shop', 'web-flmdkkkfkf-zqp89', 'listening', 20, 200, 10],
          [variant, 'shop', 'web-flmdkkkfkf-8vfm2', 'listening', 20, 400, 20 + 10 * place],
          [variant, 'shop', 'web-flmdkkkfkf-xxxxx', 'gone', 5, 400, 80],
        ]),
      ),
    ],
    [
      'nodes',
      tableFrom(
        'nodes',
        [
          'variant',
          'interval_start_s',
          'interval_s',
          'phase',
          'node',
          'cores',
          'packets_dropped',
          'softirq_ms',
          'busiest_core_ms',
          'sync_ms',
          'conntrack_entries',
          'conntrack_dropped',
        ],
        each((variant, place) =>
          times.flatMap((second) => [[variant, second, 1, phase(second), 'worker-2', 2, 0, 150 + place, 90, 50, 300 + second, 0]]),
        ),
      ),
    ],
    [
      'connections',
      tableFrom(
        'connections',
        [
          'variant',
          'interval_start_s',
          'interval_s',
          'phase',
          'namespace',
          'pod',
          'node',
          'state',
          'connections_open',
          'requests_in_flight',
        ],
        each((variant, place) => {
          const row = (second: number, pod: string, state: string, open: number): (string | number)[] => [
            variant,
            second,
            1,
            phase(second),
            'shop',
            pod,
            'worker-2',
            state,
            open,
            0,
          ]
          return [
            ...times.filter((second) => second < 12).map((second) => row(second, 'web-flmdkkkfkf-xxxxx', 'listening', 6)),
            row(12, 'web-flmdkkkfkf-xxxxx', 'gone', 0),
            ...times.map((second) => row(second, 'web-flmdkkkfkf-zqp89', 'listening', 4 + (second % 3))),
            row(0, 'web-flmdkkkfkf-8vfm2', 'listening', 0),
            ...times.filter((second) => second >= 9).map((second) => row(second, 'web-flmdkkkfkf-8vfm2', 'listening', 1 + place)),
            row(0, 'client-0', 'listening', 0),
          ].filter(([, second]) => (second as number) < seconds)
        }),
      ),
    ],
    [
      'events',
      tableFrom(
        'events',
        ['variant', 'started_s', 'ended_s', 'kind', 'name', 'outcome', 'detail'],
        each((variant) => [
          [variant, 0, 0.3, 'command', 'apply of the manifests', 'done', ''],
          [variant, 0.2, 3, 'rollout', 'Deployment/shop/web', 'done', 'created'],
          [variant, 8, 8.1, 'command', 'kubectl set image deployment/web', 'done', ''],
          [variant, 8.1, 11, 'rollout', 'Deployment/shop/web', 'done', 'new template'],
          [variant, 14, '', 'fault', 'node-crash worker-2 for 1m', 'took effect', ''],
          [variant, 15, 16, 'fault', 'node-crash worker-9 for 1s', 'no effect', ''],
        ]),
      ),
    ],
    [
      'lookup',
      tableFrom(
        'lookup',
        ['mode', 'structure', 'services', 'position', 'ns_per_lookup'],
        [1, 10, 100, 1000].flatMap((services) => [
          ['iptables', 'rule list', services, 'uniform', 5 * services],
          ['ipvs', 'hash table', services, 'uniform', 20],
          ['ipvs', 'hash table', services, 'first', 1],
          ['baseline', 'Map', services, 'uniform', 900],
        ]),
      ),
    ],
    [
      'first-packet',
      tableFrom(
        'first-packet',
        ['mode', 'scheduler', 'services', 'endpoints', 'ns_per_packet'],
        [1, 10, 100].flatMap((services) => [
          ['iptables', 'statistic cascade', services, 10, 8 * services],
          ['ipvs', 'rr', services, 10, 30],
          ['ipvs', 'wlc', services, 10, 60],
        ]),
      ),
    ],
    [
      'pick',
      tableFrom(
        'pick',
        ['mode', 'scheduler', 'method', 'endpoints', 'ns_per_pick'],
        [1, 10, 100].flatMap((endpoints) => [
          ['iptables', 'statistic cascade', 'rules in order', endpoints, 3 * endpoints],
          ['ipvs', 'rr', 'scheduler', endpoints, 20],
          ['ipvs', 'lc', 'scan', endpoints, 7],
          ['ipvs', 'lc', 'scheduler', endpoints, 9],
        ]),
      ),
    ],
  ])
}

/** The same tables without a row. */
export function emptyTables(): ReadonlyMap<TableName, ColumnTable> {
  return new Map([...sampleTables()].map(([name, table]) => [name, tableFrom(name, table.names, [])]))
}
