import { LEASE_DURATION_SECONDS } from '../../control-plane/control-plane.ts'
import { ENDS } from '../../faults/container-crash.ts'
import { STOP_TIMEOUT } from '../../faults/node-reboot.ts'
import { INITIAL, MAX, RESET } from '../../node/back-off.ts'
import { QUOTA_MIN } from '../../node/container-cpu.ts'
import { KILLED, TERMINATED } from '../../node/container-runtime.ts'
import { STATUS_IMAGES_MAX } from '../../node/image-store.ts'
import { FURTHER_POD_BLOCK, POD_BLOCK } from '../../node/ipam.ts'
import { HEARTBEAT_PATIENCE, LEASE_JITTER, LEASE_PERIOD, LIMIT } from '../../node/kubelet.ts'
import { RESYNC } from '../../node/mirror-pods.ts'
import { IMAGE_LIST_PERIOD, REPORT_PERIOD, UPDATE_PERIOD } from '../../node/node-status.ts'
import { UNHEARD } from '../../node/pausable-node.ts'
import { MINIMUM_GRACE, POWER_CUT, REQUEUE, REQUEUE_JITTER, REQUEUE_MAX, STATUS_SYNC_PERIOD } from '../../node/pod-worker.ts'
import { TWO_DAEMONS } from '../../node/runtimes/cri-dockerd.ts'
import { CONMON } from '../../node/runtimes/cri-o.ts'
import { OOM_KILLED } from '../../scenario/simulated-cluster.ts'
import { beyondFirstPodBlock, onCriDockerd, onCriO, since, until } from '../conditions.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { drawn, of, time } from '../quantity.ts'

export const KUBELET = group('kubelet', 'kubelet and container runtime', [
  entry('kubeAPIQPS', of(LIMIT.qps, '1/s'), cited('kubelet kubeAPIQPS and kubeAPIBurst')),
  entry('kubeAPIBurst', of(LIMIT.burst), cited('kubelet kubeAPIQPS and kubeAPIBurst')),
  entry('leasePeriod', time(LEASE_PERIOD), cited('kubelet nodeLeaseDurationSeconds (40 s), renewed every quarter of it'), {
    note: 'Renewed every quarter of nodeLeaseDurationSeconds (40 s).',
  }),
  entry(
    'heartbeatTimeout',
    time(HEARTBEAT_PATIENCE),
    cited(
      'Kubernetes cmd/kubelet/app/server.go (heartbeatClientConfig.Timeout: the shorter of nodeStatusUpdateFrequency and a quarter of the lease)',
    ),
  ),
  entry('leaseJitter', of(LEASE_JITTER), cited('Kubernetes pkg/kubelet (nodeStatusUpdateFrequency jitter, 4 %)'), {
    note: 'Share of the period that a renewal may be late.',
  }),
  entry('nodeStatusUpdateFrequency', time(UPDATE_PERIOD), cited('kubelet nodeStatusUpdateFrequency'), {
    note: 'The status is computed so often.',
  }),
  entry('nodeStatusReportFrequency', time(REPORT_PERIOD), cited('kubelet nodeStatusReportFrequency'), {
    note: 'One that has not changed is written all the same when the last was so long ago.',
  }),
  entry('imageListPeriod', time(IMAGE_LIST_PERIOD), cited('pkg/kubelet/images/image_gc_manager.go (Start)'), {
    note: 'The list of images that the status is computed from is so old at most.',
  }),
  entry('nodeStatusMaxImages', of(STATUS_IMAGES_MAX), cited('kubelet nodeStatusMaxImages')),
  entry('nodeLeaseDurationSeconds', of(LEASE_DURATION_SECONDS, 's'), cited('kubelet nodeLeaseDurationSeconds')),
  entry('minimumGracePeriod', time(MINIMUM_GRACE), cited('kubelet minimumGracePeriodInSeconds'), {
    note: 'At least this long passes between SIGTERM and SIGKILL.',
  }),
  entry('backOffPeriod', time(REQUEUE), cited('kubelet backOffPeriod'), {
    note: 'Up to 1.34 a pod that waits is looked at again after this.',
    when: until(34),
  }),
  entry('requeueMax', time(REQUEUE_MAX), cited('Kubernetes pkg/kubelet/pod_workers.go (completeWork, resyncInterval)'), {
    note: 'Since 1.35 that is what is left of the wait, but this at most.',
    when: since(35),
  }),
  entry(
    'requeueJitter',
    of(REQUEUE_JITTER),
    cited('Kubernetes pkg/kubelet/pod_workers.go (completeWork, resyncInterval) (workerBackOffPeriodJitterFactor)'),
    { note: 'Share of the time to the next look that is drawn on top of it.' },
  ),
  entry('statusManager.syncPeriod', time(STATUS_SYNC_PERIOD), cited('kubelet status manager, syncPeriod')),
  entry('powerCut.exitCode', of(POWER_CUT.exitCode), cited('containerd (exit code of a task that is gone)'), {
    note: 'How a container ended that a power cut ended.',
  }),
  entry('syncFrequency', time(RESYNC), cited('kubelet syncFrequency'), {
    note: 'A pod is looked at again after this, times a draw from [1, 1.5), when nothing happens.',
  }),
  entry(
    'crashLoopBackOff.initial',
    time(INITIAL),
    cited('kubelet initialCrashLoopBackOff and MaxCrashLoopBackOff; imageBackOffPeriod and MaxImageBackOff are the same'),
  ),
  entry(
    'crashLoopBackOff.max',
    time(MAX),
    cited('kubelet initialCrashLoopBackOff and MaxCrashLoopBackOff; imageBackOffPeriod and MaxImageBackOff are the same'),
  ),
  entry('crashLoopBackOff.reset', time(RESET), cited('pkg/kubelet (twice the longest back-off)'), {
    note: 'A failure this long after the last attempt begins anew.',
  }),
  entry('exitCode.sigterm', of(TERMINATED), cited('POSIX shells: 128 and the number of the signal'), {
    note: 'SIGTERM, of a process that does not handle it.',
  }),
  entry('exitCode.sigkill', of(KILLED), cited('POSIX shells: 128 and the number of the signal'), { note: 'SIGKILL.' }),
  entry('exitCode.oomKilled', of(OOM_KILLED), cited('POSIX shells: 128 and the number of the signal'), { note: 'SIGKILL of the kernel.' }),
  entry(
    'exitCode.containerCrash',
    of(ENDS['container-crash'].exitCode),
    assumed('assumption: the commonest exit code of a program that fails'),
    {
      note: 'Exit codes: the commonest one of a program that fails (assumption); SIGKILL, by which the kernel ends a process that has used up its memory.',
    },
  ),
  entry('podCidr.firstOctets', of(POD_BLOCK), assumed('assumption: one /24 a node, as kubeadm and most installers do'), {
    note: 'The block of pod addresses: node n (0-based) has the n-th /24 of it.',
  }),
  entry(
    'podCidr.firstOctetsOfFurther',
    of(FURTHER_POD_BLOCK),
    assumed('assumption: 240.0.0.0/4, which Google Kubernetes Engine allows for pods where private ranges are too small'),
    { note: 'The block of pod addresses from the 32,769th node on.', when: beyondFirstPodBlock },
  ),
  entry('cpuCfsQuotaMin', time(QUOTA_MIN), cited('Kubernetes pkg/kubelet/cm/helpers_linux.go (MinQuotaPeriod)')),
  entry(
    'apiServerGivesUpAfter',
    time(UNHEARD),
    cited('Go net (TCP keep-alive: defaultTCPKeepAliveIdle, …Interval, …Count of 1.23), which kube-apiserver listens with'),
    {
      note: 'An API server gives up a connection of which it has heard nothing for so long: 15 s, and 9 unanswered probes 15 s apart. Simplified: also where something is on its way, which the kernel would send again for a quarter of an hour.',
    },
  ),
  entry('shutdown.stopTimeout', time(STOP_TIMEOUT), cited('systemd DefaultTimeoutStopSec')),
  entry(
    'runtime.criDockerd.longer',
    drawn(TWO_DAEMONS),
    assumed(
      'assumption: 30 ms a call at the median. Published is only the direction: containerd 1.1 starts pods faster than Docker 18.03 behind dockershim ("Kubernetes Containerd Integration Goes GA", 2018, 105 pods at once)',
    ),
    {
      note: 'Two more daemons stand between the kubelet and containerd: cri-dockerd, and dockerd, which keeps its own books of each container.',
      when: onCriDockerd,
    },
  ),
  entry('runtime.criO.containerStartLonger', drawn(CONMON), assumed('assumption: 5 ms at the median'), {
    note: '`conmon`, a process that is started with each container.',
    when: onCriO,
  }),
])
