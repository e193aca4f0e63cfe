import { SYSTEMD_START } from '../../control-plane/installs/machines.ts'
import { REQUESTS } from '../../control-plane/installs/static-pods.ts'
import { IMAGE_BYTES, POLL, STEP_TIMES } from '../../scenario/bootstrap/steps.ts'
import { withBootstrap, withInstall } from '../conditions.ts'
import { assumed, cited, entry, group } from '../parameter.ts'
import { of, time } from '../quantity.ts'

const STEP = assumed('assumption: the time of the command on an ordinary virtual machine')
const IMAGE = assumed('assumption: sizes of Kubernetes 1.3x images in round numbers, compressed, linux/amd64')
const REQUEST = cited('cmd/kubeadm/app/phases/{etcd/local.go,controlplane/manifests.go}')

export const INSTALLATION = group('installation', 'Installation', [
  entry('systemdStart', time(SYSTEMD_START), assumed('assumption: from the start of the machine to that of its system services'), {
    when: withInstall,
  }),
  ...Object.entries(REQUESTS).flatMap(([component, { cpuMilli, memoryBytes }]) => [
    entry(`requests.${component}.cpu`, of(cpuMilli, 'm'), REQUEST, { when: withInstall }),
    entry(`requests.${component}.memory`, of(memoryBytes, 'bytes'), REQUEST, { when: withInstall }),
  ]),
  ...Object.entries(STEP_TIMES).map(([step, nanos]) => entry(`steps.${step}`, time(nanos), STEP, { when: withBootstrap })),
  entry('poll', time(POLL), assumed('assumption: how often kubeadm asks whether something is there'), { when: withBootstrap }),
  ...Object.entries(IMAGE_BYTES).map(([image, bytes]) => entry(`images.${image}`, of(bytes, 'bytes'), IMAGE, { when: withBootstrap })),
])
