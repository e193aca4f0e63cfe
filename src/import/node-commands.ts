import { countOf, type Notes } from './notes.ts'
import type { CleanObject } from './objects/clean-objects.ts'
import { nodeLabelKeys } from './objects/clean-pod-spec.ts'
import type { ImportedNode } from './objects/nodes.ts'
import { at } from './objects/values.ts'

/** Labels that every node of the model has by itself. */
const OWN_LABELS = ['kubernetes.io/hostname', 'topology.kubernetes.io/zone']

/** As every node of the model has it. */
const OWN_VALUES: Readonly<Record<string, string>> = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' }

/** The taint of control-plane nodes, which an install puts there itself. */
const CONTROL_PLANE_TAINTS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']

/** kubectl commands that make the model's nodes what the cluster's are: taints, cordons, and the labels that pods ask for. */
export function nodeCommands(nodes: readonly ImportedNode[], objects: readonly CleanObject[], notes: Notes): string[] {
  const asked = new Set(
    objects.flatMap(({ value }) => [...nodeLabelKeys(at(value, 'spec', 'template', 'spec')), ...nodeLabelKeys(at(value, 'spec'))]),
  )
  const commands: string[] = []
  for (const { modelName, labels, taints, unschedulable } of nodes) {
    const isControlPlane = modelName.startsWith('control-plane-')
    const words = [...asked].flatMap((key) => {
      const value = labels[key]
      const has = OWN_LABELS.includes(key) || OWN_VALUES[key] === value || (isControlPlane && CONTROL_PLANE_TAINTS[0] === key)
      return value === undefined || has ? [] : [`${key}=${value}`]
    })
    if (words.length > 0) commands.push(`label node/${modelName} ${words.join(' ')} --overwrite`)
    const own = taints.filter(({ key }) => !(isControlPlane && CONTROL_PLANE_TAINTS.includes(key)))
    if (own.length > 0) {
      commands.push(
        `taint node ${modelName} ${own.map(({ key, value, effect }) => `${key}${value === '' ? '' : `=${value}`}:${effect}`).join(' ')}`,
      )
    }
    if (unschedulable) commands.push(`cordon ${modelName}`)
  }
  const cordoned = nodes.filter(({ unschedulable }) => unschedulable)
  if (cordoned.length > 0) notes.find(`${countOf(cordoned.length, 'cordoned node')}: the scenario cordons them, too`)
  return commands
}
