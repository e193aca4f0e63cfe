/** Languages that the program speaks, by their code (ISO 639-1). */
export const LANGUAGE_CODES = ['en', 'zh'] as const

export type LanguageCode = (typeof LANGUAGE_CODES)[number]
