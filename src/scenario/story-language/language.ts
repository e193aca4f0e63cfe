/** The words of a language in which stories are told. Names of Kubernetes (Pod, Deployment, kube-proxy) stay as they are. */
export interface StoryLanguage {
  /** What somebody did, such as `observed`. The text itself when the language has no words for it. */
  readonly action: (text: string) => string
  /** Why, or what of it, such as `scaled from 2 to 3`. */
  readonly detail: (text: string) => string
  /** An action with its detail in brackets. */
  readonly withDetail: (action: string, detail: string) => string
  /** Between the steps of one request. */
  readonly comma: string
  /** Between what was done and why. */
  readonly colon: string
  readonly notTold: (hops: number, otherPods: number) => string
}

/** A language made of phrases and of patterns, whose `$1` stand for what the pattern caught. */
export function translator(
  phrases: ReadonlyMap<string, string>,
  patterns: readonly (readonly [RegExp, string])[],
): (text: string) => string | null {
  return (text) => {
    const phrase = phrases.get(text)
    if (phrase !== undefined) return phrase
    for (const [pattern, replacement] of patterns) if (pattern.test(text)) return text.replace(pattern, replacement)
    return null
  }
}
