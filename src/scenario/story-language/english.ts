import type { StoryLanguage } from './language.ts'

/** Hops are recorded in English, so nothing is to be translated. */
export const ENGLISH: StoryLanguage = {
  action: (text) => text,
  detail: (text) => text,
  withDetail: (action, detail) => `${action} (${detail})`,
  comma: ', ',
  colon: ': ',
  notTold: (hops, otherPods) => {
    const others = otherPods === 0 ? '' : `; ${otherPods} other ${otherPods === 1 ? 'pod' : 'pods'} went the same way`
    return `${hops} hops are not told${others}. --all tells every hop.`
  },
}
