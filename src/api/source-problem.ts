/** One mistake in the user's input, with the place a caret can point at. */
export interface SourceProblem {
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** 1-based. */
  readonly column: number
  /** Characters to underline, at least 1. */
  readonly length: number
  /** Where in the document, such as `spec.template.spec.containers[0].image`; empty for the document itself. */
  readonly path: string
  /** What is wrong: sentence case, no full stop, the value in quotes. */
  readonly message: string
  /** What would be accepted, or null when the message says it all. */
  readonly accepted: string | null
  readonly didYouMean: string | null
}

/** Something worth knowing that does not stop the run. `length` is absent: only the line is named. */
export interface SourceWarning {
  readonly file: string
  readonly line: number
  readonly message: string
  /**
   * `unmodelled-kind`: the object is kept but nothing acts on it. `unmodelled-field`: Kubernetes would act on the field, the model does not,
   * and the answer may differ for it. `inert-field`: neither timing nor traffic could change, such as `env`.
   */
  readonly kind: 'unmodelled-kind' | 'unmodelled-field' | 'inert-field'
}
