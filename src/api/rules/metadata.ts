import {
  complaintsAboutAnnotationKey,
  complaintsAboutDns1123Label,
  complaintsAboutLabelKey,
  complaintsAboutLabelValue,
  type NameRule,
} from '../names.ts'
import { type Checked, complainAbout } from './rule-context.ts'

/** All annotations of an object together, keys and values. Source: kubernetes v1.36.2 apimachinery pkg/api/validation/objectmeta.go. */
const ANNOTATIONS_BYTES_MAX = 256 * 1024

/** The rules of `metadata`, which hold for every kind. */
export function checkMetadata(object: Checked, nameRule: NameRule): void {
  const name = object.text('metadata', 'name')
  if (name === null || name === '') {
    const wrong = object.at('metadata', 'name')
    if (wrong === null || wrong.value === '') complainMissingName(object)
  } else {
    complainAbout(object.at('metadata', 'name'), 'a name', nameRule)
  }
  complainAbout(object.at('metadata', 'namespace'), 'a namespace', complaintsAboutDns1123Label)
  checkLabels(object.entries('metadata', 'labels'))
  checkAnnotations(object)
}

export function checkLabels(labels: readonly { key: string; value: Checked }[]): void {
  for (const { key, value } of labels) {
    const complaints = complaintsAboutLabelKey(key)
    if (complaints.length > 0) value.complainAtKey(`Cannot use "${key}" as a label key: it ${complaints.join(', and ')}`)
    complainAbout(value, 'a label value', complaintsAboutLabelValue)
  }
}

function checkAnnotations(object: Checked): void {
  let size = 0
  for (const { key, value } of object.entries('metadata', 'annotations')) {
    const complaints = complaintsAboutAnnotationKey(key)
    if (complaints.length > 0) value.complainAtKey(`Cannot use "${key}" as an annotation key: it ${complaints.join(', and ')}`)
    size += key.length + (typeof value.value === 'string' ? value.value.length : 0)
  }
  if (size > ANNOTATIONS_BYTES_MAX)
    object.at('metadata', 'annotations')?.complainAtKey(`Annotations are more than ${ANNOTATIONS_BYTES_MAX} bytes`)
}

function complainMissingName(object: Checked): void {
  const generated = object.at('metadata', 'generateName')
  if (generated !== null) generated.complainAtKey('"generateName" cannot be applied', 'a name of its own in "name"')
  else (object.at('metadata') ?? object).complainAtKey('"metadata.name" is missing')
}
