import { complaintsAboutCidr, complaintsAboutLabelKey, complaintsAboutLabelValue } from '../names.ts'
import { type Checked, complainAbout } from './rule-context.ts'

/** Rules of Nodes. Source: kubernetes v1.36.2 pkg/apis/core/validation/validation.go, ValidateNode (behaviour). */
export function checkNode(object: Checked): void {
  if (object.text('spec', 'podCIDR') !== '') complainAbout(object.at('spec', 'podCIDR'), 'a network', complaintsAboutCidr)
  const seen = new Set<string>()
  for (const taint of object.items('spec', 'taints')) {
    complainAbout(taint.at('key'), 'a taint key', complaintsAboutLabelKey)
    complainAbout(taint.at('value'), 'a taint value', complaintsAboutLabelValue)
    const key = `${taint.text('key')}:${taint.text('effect')}`
    if (seen.has(key)) taint.complainAtKey(`The taint "${key}" is given twice`)
    seen.add(key)
  }
}
