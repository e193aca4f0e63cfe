/** The choices of `--template`, apart from the texts, so that the help need not load those. */
export const TEMPLATE_NAMES = ['hello', 'rollout', 'proxy-modes', 'node-death', 'slow-pod'] as const

export type TemplateName = (typeof TEMPLATE_NAMES)[number]
