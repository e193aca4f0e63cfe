import { CATCH_UP_ENTRIES, ELECTION_TIMEOUT, HEARTBEAT, LEASE_CHECK, REQUEST_TIMEOUT } from '../../control-plane/etcd.ts'
import { cited, entry, group } from '../parameter.ts'
import { of, time } from '../quantity.ts'

export const ETCD = group('etcd', 'etcd', [
  entry('heartbeatInterval', time(HEARTBEAT), cited('etcd `--heartbeat-interval`')),
  entry('electionTimeout', time(ELECTION_TIMEOUT), cited('etcd `--election-timeout`; raft draws each wait anew from [1, 2) of it')),
  entry(
    'requestTimeout',
    time(REQUEST_TIMEOUT),
    cited('etcd server/config ReqTimeout: 5 s for the queue, the disk and the network, and two election time-outs'),
  ),
  entry('leaseCheckPeriod', time(LEASE_CHECK), cited('etcd server/lease/lessor.go (runLoop, 500 ms)'), {
    note: 'How often the leader looks for leases whose time is over.',
  }),
  entry('snapshotCatchUpEntries', of(CATCH_UP_ENTRIES, 'entries'), cited('etcd `--snapshot-catchup-entries`'), {
    note: 'Entries kept for members that lag.',
  }),
])
